import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

/** Returns the value of a signal, at most once in a frame: many events may arrive between two frames, and only the last state is shown. */
export function useFrameValue<T>(source: ReadonlySignal<T>): T {
  const [value, setValue] = useState(() => source.peek());
  useEffect(() => {
    let frame: number | undefined;
    const show = () => {
      frame = undefined;
      setValue(() => source.peek());
    };
    const stop = source.subscribe(() => {
      frame ??= requestAnimationFrame(show);
    });
    return () => {
      stop();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [source]);
  return value;
}
