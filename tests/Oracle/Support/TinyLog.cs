using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A random client log of a few requests on a few blocks, and the contract from outside carried out by brute force:
/// every order that real time allows, every subset of what is not required.</summary>
internal sealed class TinyLog
{
    private const int Block = TinyCase.BlockBytes;
    private readonly List<(char What, int Operation)> _events = [];
    private readonly List<Request> _requests = [];

    private TinyLog(Dice dice, int symbols, int maxRequests)
    {
        BlockCount = 2 + dice.Below(2);
        Awupf = 1 + dice.Below(3);
        Awun = dice.OneIn(2) ? 0 : Awupf + dice.Below(2);
        HasCache = !dice.OneIn(6);
        First = [.. Enumerable.Range(0, BlockCount).Select(_ => dice.Below(symbols))];
        DrawEvents(dice, symbols, 1 + dice.Below(maxRequests));
    }

    private sealed record Request(int Number, StepKind? Kind, int At, int[] Content, bool IsFua);

    private sealed record Atom(Request Request, int[] Blocks, int Step, bool IsRequired);

    public int BlockCount { get; }

    public int Awupf { get; }

    public int Awun { get; }

    public bool HasCache { get; }

    public int[] First { get; }

    private AtomicityPromise Promise => new(Block, Awupf * Block);

    public static TinyLog Draw(Dice dice, int symbols, int maxRequests) => new(dice, symbols, maxRequests);

    public ClientLog ToLog()
    {
        ClientLog log = new(new TraceGeometry((long)BlockCount * Block, Promise, HasCache), Awun * Block);
        foreach ((char what, int operation) in _events)
        {
            Request request = _requests[operation - 1];
            switch (what)
            {
                case 's' when request.Kind is { } kind:
                    byte[] payload = kind == StepKind.Write ? TinyCase.Bytes(request.Content) : [];
                    log.Send("", kind, request.At * Block, request.Content.Length * Block, request.IsFua, payload);
                    break;
                case 's': log.SendFlush(""); break;
                case 'a': log.Answer(operation); break;
                default: log.Answer(operation, isGood: false); break;
            }
        }

        log.Cut();
        return log;
    }

    /// <summary>Every image that is legal, as <see cref="TinyCase.Number"/>; <see langword="null"/> when there are too many
    /// orders to try.</summary>
    public HashSet<long>? LegalImages(int maxSteps, int maxAtoms)
    {
        List<Atom> atoms = [];
        List<Request> steps = [];
        foreach (Request request in _requests.Where(r => r.Kind is not null))
        {
            bool isOneStep = request.Content.Length <= Awun;
            foreach (Images.Extent atom in AtomRules.Cut(request.At * Block, request.Content.Length * Block, Promise))
            {
                if (!isOneStep || steps.Count == 0 || steps[^1] != request)
                {
                    steps.Add(request);
                }

                int first = (int)(atom.OffsetBytes / Block);
                atoms.Add(new Atom(
                    request, [.. Enumerable.Range(first, (int)(atom.LengthBytes / Block))], steps.Count - 1, IsRequired(request)));
            }
        }

        if (steps.Count > maxSteps || atoms.Count(static a => !a.IsRequired) > maxAtoms)
        {
            return null;
        }

        HashSet<long> legal = [];
        Order(steps, [], order => AddImages(atoms, order, legal));
        return legal;
    }

    public override string ToString() =>
        $"awupf {Awupf} awun {Awun} cache {HasCache} first {string.Join("", First)} "
        + string.Join(" ", _requests.Select(r => $"{r.Number}:{r.Kind}@{r.At}={string.Join("", r.Content)}{(r.IsFua ? "!" : "")}"))
        + " events " + string.Join(" ", _events.Select(e => $"{e.What}{e.Operation}"));

    /// <summary>From the definition, reading the whole log for each question.</summary>
    private bool IsRequired(Request request)
    {
        int answered = _events.IndexOf(('a', request.Number));
        return answered >= 0 && (request.IsFua || !HasCache || _requests.Exists(f =>
            f.Kind is null && _events.Contains(('a', f.Number)) && _events.IndexOf(('s', f.Number)) > answered));
    }

    private bool ComesBefore(Request a, Request b)
    {
        int answered = Math.Max(_events.IndexOf(('a', a.Number)), _events.IndexOf(('x', a.Number)));
        return answered >= 0 && answered < _events.IndexOf(('s', b.Number));
    }

    private void Order(List<Request> steps, List<int> order, Action<List<int>> use)
    {
        if (order.Count == steps.Count)
        {
            use(order);
            return;
        }

        for (int next = 0; next < steps.Count; next++)
        {
            int candidate = next;
            if (!order.Contains(next) && !steps.Index().Any(s => !order.Contains(s.Index) && ComesBefore(s.Item, steps[candidate])))
            {
                order.Add(next);
                Order(steps, order, use);
                order.RemoveAt(order.Count - 1);
            }
        }
    }

    private void AddImages(List<Atom> atoms, List<int> order, HashSet<long> legal)
    {
        Atom[] inOrder = [.. atoms.OrderBy(a => order.IndexOf(a.Step))];
        Atom[] free = [.. inOrder.Where(static a => !a.IsRequired)];
        for (int subset = 0; subset < 1 << free.Length; subset++)
        {
            int[] image = [.. First];
            foreach (Atom atom in inOrder)
            {
                if (atom.IsRequired || (subset >> Array.IndexOf(free, atom) & 1) != 0)
                {
                    Array.ForEach(atom.Blocks, b => image[b] = atom.Request.Content[b - atom.Request.At]);
                }
            }

            legal.Add(TinyCase.Number(image));
        }
    }

    private void DrawEvents(Dice dice, int symbols, int count)
    {
        List<int> open = [];
        while (_requests.Count < count || (open.Count > 0 && dice.Below(3) != 0))
        {
            if (_requests.Count < count && (open.Count == 0 || dice.OneIn(2)))
            {
                int at = dice.Below(BlockCount);
                int length = 1 + dice.Below(BlockCount - at);
                StepKind? kind = dice.OneIn(5) ? null : dice.OneIn(4) ? StepKind.Trim : StepKind.Write;
                int[] content = [.. Enumerable.Range(0, length).Select(_ => kind == StepKind.Write ? dice.Below(symbols) : 0)];
                _requests.Add(new Request(_requests.Count + 1, kind, at, content, kind is not null && dice.OneIn(3)));
                open.Add(_requests.Count);
                _events.Add(('s', _requests.Count));
            }
            else
            {
                int which = dice.Below(open.Count);
                _events.Add((dice.OneIn(8) ? 'x' : 'a', open[which]));
                open.RemoveAt(which);
            }
        }
    }
}
