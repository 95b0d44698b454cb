using BlockEmu.Server.Hosting;

return await ServerProgram.RunAsync(args, static () => Console.Out, Console.Error);
