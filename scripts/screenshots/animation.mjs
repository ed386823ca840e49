import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as answers from './answers.mjs';
import { createTone } from './devices.mjs';

/** Characters that are typed between two frames, and that an answer grows by. */
const TYPED = 4;
const STREAMED = 16;
/** Loudness of the user's voice in frames that follow each other. */
const USER_VOICE = [0.03, 0.2, 0.09, 0.26, 0.14, 0.22, 0.05, 0.18, 0.25, 0.11, 0.2, 0.04];
/** Loudness of the agent's voice, word after word. */
const AGENT_VOICE = [0.24, 0.08, 0.2, 0.14, 0.26, 0.1];
/** Duration of the sound of a word, in seconds. */
const WORD_S = 1;
/** Time for which a word is shown before the next, in ms. */
const SPOKEN_MS = 230;

/** Plays a question that is answered in Markdown, then a voice call. @returns frames: PNG and duration in ms */
export async function recordConversation(stage) {
  const { page } = stage;
  const frames = [];
  const shoot = async (ms) => frames.push({ png: await page.screenshot({ animations: 'disabled' }), ms });
  await shoot(1_200);
  await typeQuestion(stage, shoot);
  await streamAnswer(stage, shoot);
  await shoot(2_200);
  await stage.startVoice();
  await shoot(1_100);
  await speakAsUser(stage, shoot);
  await answerInVoice(stage, shoot);
  await shoot(1_800);
  return frames;
}

async function typeQuestion(stage, shoot) {
  const { QUESTION } = answers;
  for (let end = TYPED; end < QUESTION.length + TYPED; end += TYPED) {
    await stage.page.locator('textarea').fill(QUESTION.slice(0, end));
    await shoot(90);
  }
  await stage.ask(QUESTION);
  await stage.page.locator('.waiting').waitFor();
  await shoot(600);
}

async function streamAnswer(stage, shoot) {
  const { MARKDOWN_ANSWER } = answers;
  const shown = stage.page.locator('[data-testid=agent-turn] .markdown');
  for (let start = 0; start < MARKDOWN_ANSWER.length; start += STREAMED) {
    const before = start === 0 ? '' : await shown.innerHTML();
    stage.model.say(MARKDOWN_ANSWER.slice(start, start + STREAMED));
    await shown.waitFor();
    while ((await shown.innerHTML()) === before);
    await shoot(70);
  }
  stage.model.completeTurn();
  await stage.isDoing('ready');
}

async function speakAsUser(stage, shoot) {
  const words = answers.SPOKEN_QUESTION.match(/\S+\s*/g);
  for (const [place, loudness] of USER_VOICE.entries()) {
    await stage.speak(loudness);
    await stage.isDoing('hearing');
    const text = words[place];
    if (text) stage.model.send({ serverContent: { inputTranscription: { text } } });
    await shoot(130);
  }
  await stage.page.getByText(answers.SPOKEN_QUESTION).waitFor();
  await stage.speak(0);
  await shoot(500);
}

/** Each word sounds long enough to be photographed, however slow the machine is. The animation shows it for as long as it takes to say it. */
async function answerInVoice(stage, shoot) {
  const [sentence] = answers.SPOKEN_ANSWER;
  const words = sentence.match(/\S+\s*/g);
  const speak = (place) => {
    if (words[place]) stage.speakAsAgent(words[place], createTone(WORD_S, AGENT_VOICE[place % AGENT_VOICE.length]));
  };
  let said = '';
  speak(0);
  for (const [place, word] of words.entries()) {
    // A word is shown when it was heard. The next one sounds then.
    speak(place + 1);
    said += word;
    await stage.page.locator('[data-testid=agent-turn][data-state=open]').getByText(said.trim()).waitFor();
    if (words[place + 1]) await shoot(SPOKEN_MS);
  }
  stage.model.completeTurn();
  await stage.isDoing('listening');
}

/** Writes an animated WebP. */
export async function encodeAnimation(frames, path) {
  const folder = await mkdtemp(join(tmpdir(), 'bidi-sse-animation-'));
  try {
    const args = ['-loop', '0', '-mixed', '-q', '96', '-m', '6'];
    for (const [place, { png, ms }] of frames.entries()) {
      const file = join(folder, `${String(place).padStart(4, '0')}.png`);
      await writeFile(file, png);
      args.push('-d', String(Math.round(ms)), file);
    }
    execFileSync('img2webp', [...args, '-o', path], { stdio: 'ignore' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
