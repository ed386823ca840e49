/** Receives speech with our Runner: `runner-listen.ts UPSTREAM_PORT MODE`. */
import { serveListening } from './listening.ts';
import { startLiveRun } from './live-run.ts';

const [port, mode = ''] = process.argv.slice(2);

await serveListening(mode, async (listener) => {
  const { events, ask } = startLiveRun(`http://127.0.0.1:${port}`);
  const listen = async () => {
    for await (const event of events) {
      const data = event.content?.parts?.[0]?.inlineData?.data;
      if (data) listener.hear(data);
      if (event.turnComplete) listener.turnComplete();
    }
    throw new Error('the run has ended');
  };
  listen().catch((error) => {
    throw error;
  });
  return ask;
});
