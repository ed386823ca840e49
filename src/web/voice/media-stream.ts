/** Stops the devices of a stream. */
export function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Stops the devices of a stream when `signal` is aborted, also if it has been aborted already. */
export function stopOnAbort(stream: MediaStream, signal: AbortSignal): void {
  if (signal.aborted) stopTracks(stream);
  else signal.addEventListener('abort', () => stopTracks(stream), { once: true });
}
