using System.Runtime.InteropServices;
using BlockEmu.Server.Hosting;

// A file above the process's limit (RLIMIT_FSIZE) is the error of that write (EFBIG), not the end of the server.
const PosixSignal fileSizeExceeded = (PosixSignal)25; // SIGXFSZ
using PosixSignalRegistration outlived = PosixSignalRegistration.Create(fileSizeExceeded, static context => context.Cancel = true);
return await ServerProgram.RunAsync(args, static () => Console.Out, Console.Error);
