import { createClient } from '../../src/client/index.ts';
import type { OpenTalker } from './talker.ts';

/** Opens the client SDK with its defaults. */
export const openSdk: OpenTalker = async ({ url, fetch, WebSocket }, { parallelPosts }, userId, ear) => {
  const client = createClient({
    url,
    userId,
    isAudio: true,
    ...(fetch ? { fetch } : {}),
    ...(WebSocket ? { WebSocket } : {}),
    ...(parallelPosts ? { parallelPosts } : {}),
  });
  client.on('message', (message) => {
    if (!('mime_type' in message)) {
      if (message.turn_complete) ear.turnComplete();
    } else if (message.mime_type === 'audio/pcm') ear.audio(Buffer.from(message.data, 'base64'));
    else ear.words(message.data);
  });
  client.on('gap', ({ audio_ms }) => ear.dropped('down', audio_ms));
  client.on('audio_dropped', ({ ms }) => ear.dropped('up', ms));
  return {
    text: (text) => void client.send(text),
    audio: (pcm) => client.sendAudio(pcm),
    get rung() {
      return client.statistics.rung;
    },
    close: () => client.close(),
  };
};
