// The curl commands of the README, as a user types them: in its order, against one server without a key.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { type Command, runProgram } from '../cli/command.ts';
import { join as joinSpeech, room, speech } from '../emulator/microphone.ts';
import { AS_SHIPPED, startTestServer, temporaryDirectory, waitFor } from '../http/test-server.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const JPEG = Buffer.from('\xff\xd8\xff\xe0\x00\x10JFIF\x00', 'latin1');

/** Commands of the section, block by block and in order. */
function readBlocks(): string[][] {
  const section = readFileSync(README, 'utf8').split('\n## With curl\n')[1]?.split('\n## ')[0] ?? '';
  const blocks = [...section.matchAll(/```(?:sh)?\n([^`]*)```/g)].map(([, code = '']) => code.trim());
  return blocks.flatMap((code) => {
    if (code.startsWith('$ ')) return [[code.slice(2, code.indexOf('\n'))]];
    if (/^(?:curl|sox|sed)\b/.test(code)) return [/^curl/.test(code) ? code.split('\n') : [code]];
    return [];
  });
}

test('the curl commands of the README, typed in its order, do what it says about each', async () => {
  const { port } = await startTestServer(AS_SHIPPED, { emulator: { pace: 1 } });
  const folder = await temporaryDirectory();
  await writeFile(join(folder, 'photo.jpg'), JPEG);
  await writeFile(join(folder, 'question.pcm'), Buffer.from(joinSpeech(room(0.4), speech(0.5)).buffer));
  const type = (line: string): Promise<Command> => {
    const here = line.replaceAll('localhost:8000', `localhost:${port}`);
    return runProgram('sh', ['-c', here.startsWith('curl') ? `exec ${here}` : here], { cwd: folder });
  };
  const run = async (line = '') => {
    const command = await type(line);
    expect(await command.exitCode()).toBe(0);
    return command.stdout;
  };
  const sent = '{"status":"sent"}';
  const [
    [open = ''],
    [ask],
    [resume = ''],
    [save = ''],
    [speak = ''],
    [convert = ''],
    others,
    [refused],
    [close],
    ...more
  ] = readBlocks() as [string[], string[], string[], string[], string[], string[], string[], string[], string[]];
  expect(more).toEqual([]);

  const terminal = await type(open);
  await terminal.until(/"upstream":"ready"/);
  expect(await run(ask)).toBe(sent);
  const [, id = ''] = await terminal.until(/^id: (\S+)\nevent: tool_call/m);
  await terminal.until(/is_transcript":true[\s\S]*turn_complete":true/);
  expect(terminal.stdout).not.toContain('audio/pcm');

  const resumed = await type(resume.replace(/Last-Event-ID: [^']+/, `Last-Event-ID: ${id}`));
  await resumed.until(/turn_complete":true/);
  expect(resumed.stdout).not.toContain('event: tool_call');
  resumed.kill('SIGKILL');

  const saving = await type(save);
  const saved = () => readFileSync(join(folder, 'answer.sse'), { encoding: 'utf8', flag: 'a+' });
  await waitFor('the head of the stream', () => saved().includes('event: session'));
  expect(await run(speak.replace(/^sox [^|]*\|/, 'cat question.pcm |'))).toBe('{"status":"sent","bytes":28800}');
  await waitFor('the whole answer', () => saved().includes('"turn_complete":true'));
  expect(saved()).toContain('You spoke for');
  saving.kill('SIGKILL');
  await saving.exitCode();
  // The loop starts two processes for each piece of speech. The README converts its result with sox, which not every machine has.
  const pieces = saved()
    .split('\n')
    .filter((line) => line.includes('"audio/pcm"'));
  await writeFile(join(folder, 'answer.sse'), `${pieces.slice(0, 10).join('\n')}\n`);
  await run(convert.replace(/^sox .*$/m, ''));
  expect(readFileSync(join(folder, 'answer.pcm')).length).toBe(10 * 1_920);

  const [count, interrupt, picture, both, ...none] = others;
  expect(none).toEqual([]);
  expect(await run(count)).toBe(sent);
  await terminal.until(/"data":"One,"/);
  expect(await run(interrupt)).toBe(sent);
  await terminal.until(/"interrupted":true/);
  expect(await run(picture)).toBe(sent);
  expect(await run(both)).toBe(sent);
  await terminal.until(/"data":"I received an/);
  expect(await run(refused)).toContain('"code":"unsupported_mime_type","retry":false,"hint":"use text/plain, ');
  expect(await run(close)).toBe(sent);
  await terminal.until(/event: end/);
  expect(await terminal.exitCode()).toBe(0);
});
