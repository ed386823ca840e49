/** Listens with the bare SDK of the provider: `genai-listen.ts UPSTREAM_PORT HOW`. */
import { GoogleGenAI, Modality } from '@google/genai';
import { serveListening } from './listening.ts';

const [port, how = ''] = process.argv.slice(2);
const ai = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: `http://127.0.0.1:${port}` } });

await serveListening(how, async (listener) => {
  const session = await ai.live.connect({
    model: 'gemini-live-2.5-flash-preview',
    config: { responseModalities: [Modality.AUDIO] },
    callbacks: {
      onmessage({ serverContent }) {
        const data = serverContent?.modelTurn?.parts?.[0]?.inlineData?.data;
        if (data) listener.hear(data);
        if (serverContent?.turnComplete) listener.turnComplete();
      },
    },
  });
  return (text) => session.sendClientContent({ turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true });
});
