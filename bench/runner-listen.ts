/** Listens with our Runner: `runner-listen.ts UPSTREAM_PORT`. */
import { serveListening } from './listening.ts';
import { startLiveRun } from './live-run.ts';

await serveListening(async (listener) => {
  const { events, ask } = startLiveRun(`http://127.0.0.1:${process.argv[2]}`);
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
  return () => ask('Speak');
});
