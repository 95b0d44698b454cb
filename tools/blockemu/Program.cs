using BlockEmu.Cli;

return await CliProgram.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable);
