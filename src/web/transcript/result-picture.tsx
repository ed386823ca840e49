import { useState } from 'preact/hooks';
import { answerMessages } from '../messages/answers.ts';

/** A picture in the result of a tool, which a click enlarges. A broken one is replaced by a word about that. */
export function ResultPicture({ url }: { url: string }) {
  const words = answerMessages.value.tool;
  const [isBroken, setBroken] = useState(false);
  const [isLarge, setLarge] = useState(false);
  if (isBroken) return <p class="mark">{words.brokenPicture}</p>;
  return (
    <button
      type="button"
      class="result-picture"
      aria-expanded={isLarge}
      title={isLarge ? words.reducePicture : words.enlargePicture}
      onClick={() => setLarge(!isLarge)}
    >
      <img
        class="picture"
        src={url}
        alt={words.picture}
        loading="lazy"
        decoding="async"
        onError={() => setBroken(true)}
      />
    </button>
  );
}
