using System.Runtime.InteropServices;
using BlockEmu.Cli;

// A file above the process's limit (RLIMIT_FSIZE) is the error of that write (EFBIG), and no core.
const PosixSignal fileSizeExceeded = (PosixSignal)25; // SIGXFSZ
using PosixSignalRegistration outlived = PosixSignalRegistration.Create(fileSizeExceeded, static context => context.Cancel = true);
return await CliProgram.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable);
