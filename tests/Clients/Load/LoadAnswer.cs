namespace BlockEmu.Clients.Tests.Load;

/// <summary>How a request ended.</summary>
/// <param name="IsGood">It succeeded.</param>
/// <param name="IsPowerOff">The disk says that it has no power.</param>
/// <param name="IsLate">It succeeded, and arrived after the cut had answered, where that can be told.</param>
/// <param name="Error">What the error is called.</param>
internal readonly record struct LoadAnswer(bool IsGood, bool IsPowerOff, bool IsLate, string Error);
