using System.Reflection;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace BlockEmu.Device.Tests.Planted;

/// <summary>The sources of Device, with a bug in them, compiled together with the simulation into a program of their own.</summary>
internal sealed partial class PlantedDevice
{
    private const string Entry = "BlockEmu.Device.Tests.Simulation.SimulatedRun";

    // What simulates, and what it needs; all else of the simulation's folder knows the test framework.
    private static readonly string[] _simulation =
    [
        "BlockContent", "CommandSource", "ExpectedSteps", "InFlightWrite", "MemoryImage", "NaiveDisk", "NaiveStep", "PayloadStore",
        "RandomOptions", "ScriptText", "Shrinker", "SimulatedCommand", "SimulatedCuts", "SimulatedKind", "SimulatedPayloads",
        "SimulatedReads", "SimulatedRun", "SimulationSink", "Simulator", "TraceRecorder",
    ];

    private readonly Dictionary<string, SyntaxTree> _device = [];
    private readonly CSharpParseOptions _parse = new(LanguageVersion.Preview);
    private readonly CSharpCompilation _sound;

    public PlantedDevice()
    {
        string root = FindRoot();
        string device = Path.Combine(root, "Device");
        foreach (string file in Directory.GetFiles(device, "*.cs", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(device, file).Replace('\\', '/');
            if (!name.StartsWith("bin/", StringComparison.Ordinal) && !name.StartsWith("obj/", StringComparison.Ordinal))
            {
                _device[name] = Parse(File.ReadAllText(file));
            }
        }

        IEnumerable<SyntaxTree> simulation = _simulation.Select(
            name => Parse(File.ReadAllText(Path.Combine(root, "tests", "Device", "Simulation", name + ".cs"))));
        const string Usings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Threading; global using System.Threading.Tasks;
            """;
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        IEnumerable<MetadataReference> references = trusted.Split(Path.PathSeparator)
            .Where(static path => Path.GetFileName(path) is { } name
                && (name.StartsWith("System.", StringComparison.Ordinal) || name is "BlockEmu.Oracle.dll" or "netstandard.dll"))
            .Select(static path => MetadataReference.CreateFromFile(path));
        _sound = CSharpCompilation.Create(
            "BlockEmu.Planted",
            [.. _device.Values, .. simulation, Parse(Usings)],
            references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
    }

    /// <summary>Runs simulated disks that have the bug, from seed 1 on, until one is caught or so many commands were carried out.</summary>
    /// <param name="bug">The bug; <see langword="null"/> = none.</param>
    /// <param name="commandsPerDisk">How long each disk lives.</param>
    /// <param name="mostCommands">When to give up.</param>
    /// <param name="commands">How many it took.</param>
    /// <returns>How it was caught, or null.</returns>
    public string? Hunt(PlantedBug? bug, int commandsPerDisk, int mostCommands, out int commands)
    {
        AssemblyLoadContext context = new("planted", isCollectible: true);
        try
        {
            using MemoryStream image = Compile(bug);
            MethodInfo tell = context.LoadFromStream(image).GetType(Entry)!.GetMethod("Tell")!;
            commands = 0;
            for (ulong seed = 1; commands < mostCommands; seed++)
            {
                object?[] arguments = [seed, commandsPerDisk, 0];
                string? story = (string?)tell.Invoke(null, arguments);
                commands += (int)arguments[2]!;
                if (story is not null)
                {
                    return story;
                }
            }

            return null;
        }
        finally
        {
            context.Unload();
        }
    }

    private MemoryStream Compile(PlantedBug? bug)
    {
        CSharpCompilation compilation = _sound;
        if (bug is not null)
        {
            SyntaxTree old = _device[bug.File];
            string source = old.ToString();
            int at = source.IndexOf(bug.Find, StringComparison.Ordinal);
            Assert.True(
                at >= 0 && source.IndexOf(bug.Find, at + 1, StringComparison.Ordinal) < 0,
                $"'{bug.Name}': what it changes does not occur exactly once in {bug.File}");
            compilation = compilation.ReplaceSyntaxTree(old, Parse(source.Replace(bug.Find, bug.Replace, StringComparison.Ordinal)));
        }

        MemoryStream image = new();
        var emitted = compilation.Emit(image);
        Assert.True(
            emitted.Success,
            $"'{bug?.Name}': {string.Join("; ", emitted.Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error).Take(5))}");
        image.Position = 0;
        return image;
    }

    // The generator of LibraryImport does not run here; the runtime's own marshalling does as well.
    private SyntaxTree Parse(string source) => CSharpSyntaxTree.ParseText(
        Import().Replace(source, static m => $"[System.Runtime.InteropServices.DllImport({m.Groups[1].Value})]{m.Groups[2].Value}extern"), _parse);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "BlockEmu.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("these tests need the sources around them");
    }

    [GeneratedRegex(
        """\[LibraryImport\(("libc", EntryPoint = "\w+"(?:, SetLastError = true)?)(?:, StringMarshalling = \S+Utf8)?\)\](\s+\w+ static )partial""")]
    private static partial Regex Import();
}
