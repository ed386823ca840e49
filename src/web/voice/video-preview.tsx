import { useLayoutEffect, useRef } from 'preact/hooks';
import type { VideoShare } from './video-share.ts';

/** Preview of the pictures that the agent sees. */
export function VideoPreview({ video }: { video: VideoShare }) {
  const element = useRef<HTMLVideoElement>(null);
  const stream = video.stream.value;
  useLayoutEffect(() => {
    if (element.current) element.current.srcObject = stream ?? null;
  }, [stream]);
  return <video ref={element} class="preview" data-testid="preview" autoplay muted playsinline />;
}
