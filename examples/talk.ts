// Talks from a terminal through the client SDK: `node examples/talk.ts http://localhost:8000 me`. Each line of the standard input is sent, the
// answers are printed as they come, and what the network does to the connection is said on the standard error.
import { createInterface } from 'node:readline';
import { createClient } from 'bidi-sse/client';

const [url = 'http://localhost:8000', userId = 'me'] = process.argv.slice(2);
const client = createClient({ url, userId });

client.on('message', (message) => {
  if ('turn_complete' in message) process.stdout.write(message.turn_complete ? '\n' : ' …');
  else if (message.mime_type === 'text/plain') process.stdout.write(message.data);
});
client.on('state', (state) => console.error(`[${state}, by ${client.statistics.rung}]`));
client.on('retry', ({ attempt, status, failure }) =>
  console.error(`[try ${attempt}: ${failure?.error ?? status ?? 'no answer'}]`),
);
client.on('failure', ({ error, hint = '' }) => console.error(`[${error}; ${hint}]`));

for await (const line of createInterface({ input: process.stdin })) {
  const answered = new Promise<void>((resolve) => {
    client.on('message', (message) => 'turn_complete' in message && message.turn_complete && resolve());
    client.on('end', () => resolve());
  });
  const { sent, refusal } = await client.send(line);
  if (sent) await answered;
  else console.error(`[not sent: ${refusal?.error ?? 'the conversation has ended'}]`);
}
client.close();
