import { useState } from 'preact/hooks';
import { messages } from '../messages/current.ts';

/** A picture in the result of a tool. A broken one is replaced by a word about that. */
export function ResultPicture({ url }: { url: string }) {
  const words = messages.value.tool;
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <p class="mark">{words.brokenPicture}</p>;
  return <img class="picture" src={url} alt={words.picture} decoding="async" onError={() => setBroken(true)} />;
}
