using Quoll.Fuzz;

// Before any code of ours: instrumented code counts here from its first branch on.
BranchTable.Install();
return await FuzzCommand.Root().Parse(args).InvokeAsync();
