using Xunit.Sdk;
using Xunit.v3;

// Each class starts an application of several processes: one after the other.
[assembly: Parallelization(Mode = ParallelMode.None)]
