using System.CommandLine;

namespace Quoll.Cli;

/// <summary><c>quoll completion</c>: what makes bash, zsh and fish complete this program's commands, options and paths.</summary>
internal static class CompletionCommand
{
    // Each asks the program itself, by the directive that System.CommandLine has for it.
    private const string Bash = """
        _quoll() {
            local word=${COMP_LINE:0:COMP_POINT}
            word=${word##* }
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(quoll "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "$word"))
            # What is before a colon is another word to bash.
            [[ $word == *:* ]] && COMPREPLY=("${COMPREPLY[@]#"${word%:*}:"}")
            [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == /* ]] && compopt -o nospace
        }
        complete -F _quoll quoll
        """;

    private const string Zsh = """
        #compdef quoll
        _quoll() {
            local -a found
            found=("${(@f)$(quoll "[suggest:$(( ${#LBUFFER} ))]" "$BUFFER" 2>/dev/null)}")
            if [[ $PREFIX == /* ]]; then
                compadd -S '' -- $found
            else
                compadd -- $found
            fi
        }
        compdef _quoll quoll
        """;

    private const string Fish = """
        complete -c quoll -f -a '(quoll "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish.", HelpName = "bash|zsh|fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion",
            "Write what makes a shell complete commands, options and paths.\n"
            + "source <(quoll completion bash)        in ~/.bashrc or ~/.zshrc, there with zsh\n"
            + "quoll completion fish | source         in ~/.config/fish/config.fish")
        {
            shell,
        };
        command.SetAction(parsed => Console.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }));
        return command;
    }
}
