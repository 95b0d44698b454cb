namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>What JSON a key takes besides a string.</summary>
internal enum DiskKeyForm
{
    /// <summary>A string only.</summary>
    Text,

    /// <summary>A string, or an array of strings.</summary>
    Texts,

    /// <summary>A number, or the same as text (<c>4G</c>).</summary>
    Number,

    /// <summary>true or false, or <c>on</c> / <c>off</c>.</summary>
    Switch,

    /// <summary>A number, true or false, or text.</summary>
    NumberOrSwitch,
}

/// <summary>One key of a disk; the command line, the configuration file and the HTTP interface read the same ones.</summary>
/// <param name="Name">As written.</param>
/// <param name="Form">What JSON may say.</param>
/// <param name="Apply">Takes the value into the draft; returns what is wrong with it, or null.</param>
/// <param name="CanChange">Whether it can be given anew while the disk is served (<see cref="DiskChange"/>).</param>
internal sealed record DiskKey(string Name, DiskKeyForm Form, Func<DiskDraft, string, string?> Apply, bool CanChange = false);
