import { EventSource } from 'eventsource';
import type { Message } from '../../src/client/index.ts';
import type { Ear, OpenTalker } from './talker.ts';

/** Pause of the sample before it reconnects, in ms. */
const RETRY_MS = 5_000;
/** Maximum wait for the first connection, in ms. Before it the user has no button to send with. */
const OPEN_MS = 20_000;

/**
 * Acts as the page of ADK's SSE sample: an EventSource that it closes on an error and replaces after 5 s, and a POST for each message
 * whose result it ignores. The page has no numbers, keeps no order and repeats nothing.
 */
export const openPlain: OpenTalker = async ({ url, fetch = globalThis.fetch }, _profile, userId, ear) => {
  let source: EventSource;
  let retry: NodeJS.Timeout | undefined;
  const connect = (onOpen: () => void) => {
    source = new EventSource(`${url}/events/${userId}?is_audio=true`, { fetch });
    source.onopen = onOpen;
    source.onmessage = ({ data }) => hear(ear, JSON.parse(data));
    source.onerror = () => {
      source.close();
      retry = setTimeout(() => connect(onOpen), RETRY_MS);
    };
  };
  const send = (mime_type: string, data: string) => {
    const headers = { 'Content-Type': 'application/json' };
    fetch(`${url}/send/${userId}`, { method: 'POST', headers, body: JSON.stringify({ mime_type, data }) })
      .then((answer) => answer.body?.cancel())
      .catch(() => undefined);
  };
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, OPEN_MS);
    connect(() => {
      clearTimeout(limit);
      resolve();
    });
  });
  return {
    text: (text) => send('text/plain', text),
    audio: (pcm) => send('audio/pcm', Buffer.from(pcm).toString('base64')),
    rung: 'sse',
    close() {
      clearTimeout(retry);
      source.close();
    },
  };
};

function hear(ear: Ear, message: Message): void {
  if (!('mime_type' in message)) {
    if (message.turn_complete) ear.turnComplete();
  } else if (message.mime_type === 'audio/pcm') ear.audio(Buffer.from(message.data, 'base64'));
  else ear.words(message.data);
}
