Console.WriteLine("quoll");
