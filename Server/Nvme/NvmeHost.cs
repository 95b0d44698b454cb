namespace BlockEmu.Server.Nvme;

/// <summary>Who connects: HOSTID and HOSTNQN together.</summary>
internal readonly record struct NvmeHost(UInt128 Id, string Nqn);
