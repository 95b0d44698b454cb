namespace BlockEmu.Server.Admin.Bundles;

/// <summary>A bundle outgrew what is kept aside at power on.</summary>
internal sealed class BundleTooLargeException(long maxBytes) : Exception($"the bundle is larger than {maxBytes} bytes");
