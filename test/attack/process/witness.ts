/**
 * Watches an attacked server in a process of its own, which the work of the attack does not delay: talks with the server as honest users do, and
 * probes it. `node witness.ts URL PID [TOKEN]` sends `{ ready }` when the conversations run, and `{ report }` as answer to each message.
 */
import { HonestConversation } from './honest-conversation.ts';
import { Prober } from './prober.ts';

const [url = '', pid = '', token] = process.argv.slice(2);
const options = { url, ...(token ? { headers: { Authorization: `Bearer ${token}` } } : {}) };

process.on('disconnect', () => process.exit(0));
const prober = new Prober(Number(new URL(url).port), Number(pid));
const conversations = [
  new HonestConversation({ ...options, userId: 'honest', sessionId: 'socket' }),
  new HonestConversation({ ...options, userId: 'honest', sessionId: 'stream', transport: 'sse' }),
];
try {
  await Promise.all(conversations.map((conversation) => conversation.start()));
  prober.start();
  process.send?.({ ready: true });
} catch (error) {
  process.send?.({ error: error instanceof Error ? error.message : String(error) });
}
process.on('message', async () => {
  // What an attack began may keep the server busy until the conversations have caught up, so that the probes come last.
  const figures = await Promise.all(conversations.map((conversation) => conversation.takeFigures()));
  process.send?.({ report: { probes: prober.takeFigures(), conversations: figures } });
});
