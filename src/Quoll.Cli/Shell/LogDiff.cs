namespace Quoll.Cli.Shell;

/// <summary>What two log files have not in common, from the first to the last zxid that both tell of.</summary>
internal static class LogDiff
{
    /// <summary>
    /// Tells each difference: - what only the left has, + what only the right has, ~ what differs in what the text has not.
    /// </summary>
    /// <returns>How many there are.</returns>
    /// <exception cref="ShellException">There is nothing that both tell of, or one is damaged.</exception>
    public static int Run(LogFile left, LogFile right, Action<char, TxnText> tell, Action<string> note)
    {
        if (!left.MoveNext() || !right.MoveNext())
            throw new ShellException($"There is no transaction in {(left.Position > right.Position ? right : left)}.");
        var first = Math.Max(left.Current.Zxid, right.Current.Zxid);
        if (!MoveTo(left, first) || !MoveTo(right, first))
            throw new ShellException($"One of {left} and {right} ends before the other begins, with 0x{first:x}.");
        var (count, compared, last, both) = (0, 0, first, true);
        while (both)
        {
            var (one, two) = (left.Current, right.Current);
            (compared, last) = (compared + 1, Math.Min(one.Zxid, two.Zxid));
            var isSame = one.Zxid == two.Zxid && left.IsSameAs(right);
            count += isSame ? 0 : 1;
            if (!isSame && one == two)
            {
                tell('~', one);
            }
            else if (!isSame)
            {
                if (one.Zxid == last)
                    tell('-', one);
                if (two.Zxid == last)
                    tell('+', two);
            }

            both = (one.Zxid > last || left.MoveNext()) & (two.Zxid > last || right.MoveNext());
        }

        note($"{compared} transactions were compared, 0x{first:x} to 0x{last:x}; {count} differ.");
        return count;
    }

    private static bool MoveTo(LogFile file, long zxid)
    {
        while (file.Current.Zxid < zxid)
        {
            if (!file.MoveNext())
                return false;
        }

        return true;
    }
}
