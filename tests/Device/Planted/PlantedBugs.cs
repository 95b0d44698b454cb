namespace BlockEmu.Device.Tests.Planted;

/// <summary>Bugs that a disk could well have; each breaks a promise, none is a matter of taste.</summary>
internal static class PlantedBugs
{
    public static IReadOnlyList<PlantedBug> All { get; } =
    [
        // Flush and FUA.
        new(
            "a flush leaves the last write out", "DiskCore.cs",
            "command.AcknowledgeOrder <= coveredOrder)\n            {\n                Persist",
            "command.AcknowledgeOrder < coveredOrder)\n            {\n                Persist"),
        new("a flush does nothing", "Commands/FlushCommand.cs", "core.PersistAcknowledged(covered);", ""),
        new(
            "a flush leaves zeroes and trims out", "DiskCore.cs",
            "command.AcknowledgeOrder <= coveredOrder)\n            {\n                Persist",
            "command.AcknowledgeOrder <= coveredOrder && command.Kind == WriteKind.Write)\n            {\n                Persist"),
        new(
            "a flush takes one command in two", "DiskCore.cs",
            "                Persist(command);\n            }\n\n            command = next;",
            "                Persist(command);\n                next = next?.Newer;\n            }\n\n            command = next;"),
        new(
            "FUA is acknowledged early", "Commands/StepExecutor.cs",
            "        core.Persist(command);\n        Complete(sequence, null, isFua, taken);",
            "        Complete(sequence, command, isFua, taken);"),
        new(
            "FUA is not heard on a trim", "DiskCore.cs",
            "=> isFua || _cacheBytes == 0",
            "=> (isFua && payloadBytes > 0) || _cacheBytes == 0"),
        new("a cache that is off is on", "DiskCore.cs", "isFua || _cacheBytes == 0 ||", "isFua ||"),
        new(
            "a shutdown does not flush", "DiskPower.cs",
            "                core.Persist(oldest);",
            "                core.Cache.Release(oldest);"),

        // Atoms.
        new(
            "a write of exactly AWUPF tears", "Atoms/AtomLayout.cs",
            "if (!crosses && lengthBytes <= parameters.EffectiveAwupfBytes)",
            "if (!crosses && lengthBytes < parameters.EffectiveAwupfBytes)"),
        new(
            "a write above AWUPF is whole", "Atoms/AtomLayout.cs",
            "if (!crosses && lengthBytes <= parameters.EffectiveAwupfBytes)",
            "if (!crosses)"),
        new(
            "a boundary is not seen", "Atoms/AtomLayout.cs",
            "bool crosses = firstBoundary < endBytes;",
            "bool crosses = firstBoundary < endBytes - blockSizeBytes;"),
        new(
            "a write that ends at a boundary crosses it", "Atoms/AtomLayout.cs",
            "bool crosses = firstBoundary < endBytes;",
            "bool crosses = firstBoundary <= endBytes;"),
        new(
            "the first boundary is at 0", "Atoms/AtomLayout.cs",
            "NextBoundary(offsetBytes, boundaryBytes, parameters.NaboBytes)",
            "NextBoundary(offsetBytes, boundaryBytes, 0)"),
        new(
            "multiple atomicity mode is off", "Atoms/AtomLayout.cs",
            "if (!parameters.Mam || !crosses)",
            "if (parameters.EffectiveAwupfBytes > 0)"),
        new("multiple atomicity mode is always on", "Atoms/AtomLayout.cs", "if (!parameters.Mam || !crosses)", "if (!crosses)"),

        // The choice of survivors.
        new(
            "one coin for a whole command", "Power/LossJudge.cs",
            "(ulong)sequence, (ulong)atom)) < probability",
            "(ulong)sequence, 0)) < probability"),
        new(
            "the seed is not used", "Power/LossJudge.cs",
            "SplitMix64.Hash(_seed, (ulong)sequence, (ulong)atom)",
            "SplitMix64.Hash(1, (ulong)sequence, (ulong)atom)"),
        new(
            "keep-all loses what is in flight", "Power/LossJudge.cs",
            "command.IsAcknowledged || IsHeads(command.Sequence, atom, 0.5)",
            "command.IsAcknowledged"),
        new(
            "lose-all keeps what is in flight", "Power/LossJudge.cs",
            "LossModelKind.LoseAll => false",
            "LossModelKind.LoseAll => !command.IsAcknowledged"),
        new(
            "fifo keeps the end", "Power/LossJudge.cs",
            "_prefix!.Holds(command.Sequence, unit)",
            "!_prefix!.Holds(command.Sequence, unit)"),
        new(
            "an older survivor lies over a newer one", "Power/CutSession.cs",
            "for (int i = _commands.All.Count - 1; i >= 0; i--)",
            "for (int i = 0; i < _commands.All.Count; i++)"),
        new("a recut starts from what the last one left", "Power/CutSession.cs", "        _undo?.Restore();\n", ""),

        // Versions.
        new(
            "an older version comes back", "Cache/WriteCache.cs",
            "                ClipChain(entry.Older, entry.Live, command.Sequence);\n",
            ""),
        new(
            "what is newer is superseded too", "Cache/WriteCache.cs",
            "if (Nodes[node].Owner.Sequence < sequence)",
            "if (sequence > 0)"),
        new(
            "old zeroes come back over data", "Cache/WriteCache.cs",
            "                Zeroes.Clip(entry.Page, entry.Live, command.Sequence);\n",
            ""),
        new(
            "old data comes back over zeroes", "Cache/WriteCache.cs",
            "                ClipChain(Versions.HeadOf(page), _geometry.FullMask, command.Sequence);\n",
            "                _ = Versions.HeadOf(page);\n"),
        new(
            "persistent zeroes do not reach the platter", "Cache/WriteCache.cs",
            "            target?.ZeroPages(range, zeroes);\n",
            ""),
        new(
            "a read shows zeroes below newer data", "Cache/VisibleReader.cs",
            "cache.Nodes[node].Owner.Sequence > zeroes.Sequence",
            "cache.Nodes[node].Owner.Sequence < 0"),
        new(
            "a read shows part of an older page", "Cache/PageVersions.cs",
            "int block) =>\n        entry is null ? 0 : entry->Mixed == 0 ?",
            "int block) =>\n        entry is null ? 0 : entry->Mixed != 0 || entry->Mixed == 0 ?"),
        new(
            "a superseded part shows", "Cache/PageVersions.cs",
            "            if ((mask & (1 << block)) != 0 && newest[block] == node)\n            {\n                newest[block] = 0;",
            "            if ((mask & (1 << block)) != 0 && newest[block] == node)\n            {\n                newest[block] = node;"),
        new(
            "a part of a page destages as the whole", "Media/MemoryMedium.cs",
            "if (node.Live == geometry.FullMask)",
            "if (node.Live == geometry.FullMask || (isZero && node.Live > 1))"),
        new(
            "the last block of a part is not destaged", "Media/MemoryMedium.cs",
            "CopyBlocks(Writable(node.Page), source, node.Live);",
            "CopyBlocks(Writable(node.Page), source, (byte)(node.Live & (node.Live - 1) | (node.Live & 1)));"),

        // Isolation.
        new(
            "a step is acknowledged by itself", "Commands/StepExecutor.cs",
            "        if (taken is null)\n",
            "        if (sequence > 0)\n"),
        new(
            "a command of several steps is never acknowledged", "Commands/StepsTaken.cs",
            "            core.Acknowledge(sequence, isKnown ? command : null, isFua);\n",
            ""),
        new(
            "FUA is not passed on to the steps", "Commands/IsolatedCommands.cs",
            "writes.Write(epoch, range.OffsetBytes, payload, isFua, taken)",
            "writes.Write(epoch, range.OffsetBytes, payload, isFua && taken is null, taken)"),

        // Hand over hand a page would wait for itself.
        new(
            "a page is cut in two", "Isolation/StepPlan.cs",
            "return CutEvery(range, IsolationRule.PageBytes, 0, isLong);",
            "return CutEvery(range, rule.Mode == IsolationMode.Page ? blockBytes : IsolationRule.PageBytes, 0, isLong);"),
        new(
            "a write within AWUN takes several steps", "Isolation/StepPlan.cs",
            "return isAtomic || AtomLayout.Cut(start, end - start, promise, blockBytes).Count == 1;",
            "return end - start == blockBytes;"),
        new(
            "a step takes its neighbour's bytes", "Commands/IsolatedCommands.cs",
            "payload.Slice((int)(step.OffsetBytes - range.OffsetBytes), (int)step.LengthBytes)",
            "payload[..(int)step.LengthBytes]"),

        new(
            "a command's later steps are promised what was changed to between them", "Commands/StepExecutor.cs",
            "taken?.Accepted ?? core.Atomicity, input: null",
            "core.Atomicity, input: null"),
        new(
            "a command is promised what the one before it in its place was", "Cache/PendingCommand.cs",
            "if (!ReferenceEquals(Atomicity, atomicity))",
            "if (Atomicity is null)"),

        // The cache, and the power.
        new("superseded bytes still count", "Cache/WriteCache.cs", "        LiveBytes -= bytes;\n        owner", "        owner"),
        new(
            "the cache holds more than its size", "DiskCore.cs",
            "Cache.LiveBytes + payloadBytes <= _cacheBytes",
            "Cache.LiveBytes <= _cacheBytes"),
        new(
            "power on brings back what was lost", "DiskCore.cs",
            "        Cache.Clear();\n        FlushBorders",
            "        FlushBorders"),
        new(
            "a disk without power writes", "DiskCore.cs",
            "epoch != Epoch || State == PowerState.Off ? DiskStatus.PowerLost",
            "epoch != Epoch ? DiskStatus.PowerLost"),
    ];
}
