namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A directory for one test's image, removed with all in it.</summary>
internal sealed class TempImage : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("blockemu-");

    public string Path => System.IO.Path.Combine(_directory.FullName, "image");

    public string DirectoryPath => _directory.FullName;

    public void Dispose() => _directory.Delete(recursive: true);
}
