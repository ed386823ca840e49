import { useEffect, useRef } from 'preact/hooks';

/** A picture on a canvas, drawn from memory. Unlike an `img` it needs no object URL that would have to be revoked. */
export function CanvasImage({ bitmap, label }: { bitmap: ImageBitmap; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => canvas.current?.getContext('2d')?.drawImage(bitmap, 0, 0), [bitmap]);
  return (
    <canvas ref={canvas} class="picture" width={bitmap.width} height={bitmap.height} role="img" aria-label={label} />
  );
}
