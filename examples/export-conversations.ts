// Writes each stored conversation of a user to a text file: `npx node examples/export-conversations.ts URL USER FOLDER`. The server must be running.
// A token is read from the environment variable BIDI_SSE_TOKEN.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConversations } from 'bidi-sse/client';

const [url = 'http://localhost:8000', userId = 'me', folder = '.'] = process.argv.slice(2);
const { BIDI_SSE_TOKEN: token } = process.env;
const conversations = createConversations({ url, userId, ...(token ? { token } : {}) });

for await (const page of conversations.list()) {
  for (const { id, title } of page.conversations) {
    const response = await conversations.exportAs(id, 'text');
    await writeFile(join(folder, `${id}.txt`), response.body ?? '');
    console.log(`${id}.txt: ${title}`);
  }
}
