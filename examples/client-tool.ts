// A tool that the client runs: `npx node examples/client-tool.ts`. The agent runs on the server and cannot see the files of the user. Its tool
// `list_files` is declared on the server and runs in the client, here in the same program. Without a key the offline agent answers.
import { readdir } from 'node:fs/promises';
import { Agent, clientTool, createLogger, readConfig, startServer } from 'bidi-sse';
import { createClient } from 'bidi-sse/client';
import * as z from 'zod';

const agent = new Agent({
  name: 'librarian',
  instruction: 'You help the user with the files of a folder.',
  tools: [
    clientTool({
      name: 'list_files',
      description: 'Lists the files of a folder of the user.',
      parameters: z.object({ folder: z.string().default('.') }),
      timeoutMs: 20_000,
    }),
  ],
});
const config = readConfig({ ...process.env, PORT: '0' });
const server = await startServer({ config, agent, logger: createLogger({ level: 'warn' }) });

const client = createClient({ url: server.url, userId: 'me', isAudio: false });
client.tool('list_files', async ({ folder = '.' }: { folder?: string }) => {
  console.log(`[the client lists ${folder}]`);
  return { files: (await readdir(folder)).slice(0, 10) };
});

const answered = new Promise<void>((resolve) => {
  client.on('message', (message) => {
    if (!('turn_complete' in message)) process.stdout.write(message.data);
    else if (message.turn_complete) resolve();
  });
});
await client.send('List files of the folder {"folder":"examples"}');
await answered;
console.log();
client.close();
await server.close();
