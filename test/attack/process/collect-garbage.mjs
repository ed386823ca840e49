// Loaded before the attacked server with `--import`: answers a message of the parent process with the memory in use after a garbage collection,
// in bytes, and ends the server when the parent is gone. Nothing else differs from the server that users start.
if (process.channel && globalThis.gc) {
  process.on('message', () => {
    // This flavor also returns the free pages of the heap to the kernel, as V8 does by itself after some minutes.
    globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    const { heapUsed, external } = process.memoryUsage();
    process.send?.({ heapUsed, external });
  });
  process.on('disconnect', () => process.exit(1));
  // The channel must not keep a server alive that wants to exit.
  process.channel.unref();
}
