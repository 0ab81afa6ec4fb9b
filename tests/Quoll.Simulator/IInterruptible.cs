namespace Quoll.Simulator;

/// <summary>Somebody whose connections can break.</summary>
internal interface IInterruptible
{
    void Interrupt();
}
