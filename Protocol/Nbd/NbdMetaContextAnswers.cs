using System.Buffers;

namespace BlockEmu.Protocol.Nbd;

/// <summary>LIST_META_CONTEXT and SET_META_CONTEXT, and what the last one selected.</summary>
internal sealed class NbdMetaContextAnswers(IBufferWriter<byte> replies)
{
    private string? _exportName;
    private NbdMetaContext[] _selected = [];

    /// <summary>Forgets the selection: a SET replaces it even when it fails.</summary>
    public void Clear() => (_exportName, _selected) = (null, []);

    /// <summary>What is selected for an export: nothing when the selection named another one.</summary>
    public IReadOnlyList<NbdMetaContext> SelectedFor(NbdExport export) =>
        string.Equals(_exportName, export.Name, StringComparison.Ordinal) ? _selected : [];

    /// <summary>No query lists everything; a namespace alone lists all of it; what is not known is ignored.</summary>
    public void List(in NbdMetaContextRequest request, NbdExport export)
    {
        foreach (string context in export.MetaContexts)
        {
            if (request.QueryCount == 0 || request.AsksFor(context, byNamespace: true))
            {
                NbdOptionReplies.MetaContext(replies, NbdOption.ListMetaContext, new NbdMetaContext(0, context));
            }
        }

        NbdOptionReplies.Acknowledge(replies, NbdOption.ListMetaContext);
    }

    /// <summary>Selects what is asked for by its whole name, each once, and answers with its id.</summary>
    public void Set(in NbdMetaContextRequest request, NbdExport export)
    {
        List<NbdMetaContext> selected = [];
        for (int i = 0; i < export.MetaContexts.Count; i++)
        {
            if (request.AsksFor(export.MetaContexts[i], byNamespace: false))
            {
                selected.Add(new NbdMetaContext((uint)i + 1, export.MetaContexts[i]));
                NbdOptionReplies.MetaContext(replies, NbdOption.SetMetaContext, selected[^1]);
            }
        }

        (_exportName, _selected) = (export.Name, [.. selected]);
        NbdOptionReplies.Acknowledge(replies, NbdOption.SetMetaContext);
    }
}
