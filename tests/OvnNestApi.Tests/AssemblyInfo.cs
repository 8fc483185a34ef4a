[assembly: AssemblyFixture(typeof(TestServers.SharedServers))]
