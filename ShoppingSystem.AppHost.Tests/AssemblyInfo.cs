// Each class starts an application of several processes: one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
