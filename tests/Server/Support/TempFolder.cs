namespace BlockEmu.Server.Tests.Support;

/// <summary>A folder for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("blockemu-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public string WriteZeroes(string name, long length)
    {
        using FileStream file = new(File(name), FileMode.CreateNew);
        file.SetLength(length);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
