/** Measures the CPU time of synchronous work of this process, in ms. Unlike the time on a clock, other processes hardly change it. */
export function measureCpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
