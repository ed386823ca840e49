import { expect } from '@jest/globals';
import type { Page, Request } from 'playwright-core';
import { describeWithVoice, openVoicePage, startVoice } from './voice-suite.ts';

/** PCM16 at 16 kHz, in bytes per ms. */
const BYTES_PER_MS = 32;

/** Whether a request carries microphone audio. */
const isAudio = (request: Request) => request.headers()['content-type']?.startsWith('audio/pcm') === true;

/** Runs before the page: `setSystemMuted()` does to the microphone what the system does, as far as a page can see. */
const SYSTEM_MUTE = `
  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    const [track] = stream.getAudioTracks();
    globalThis.setSystemMuted = (muted) => {
      Object.defineProperty(track, 'muted', { value: muted, configurable: true });
      track.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
    };
    return stream;
  };
`;

/** Opens the page on a stream, so that the test sees what the page posts, with voice on. */
async function openInVoice(before = ''): Promise<Page> {
  const { page } = await openVoicePage({ before, query: '?transport=sse' });
  await startVoice(page);
  return page;
}

describeWithVoice('voice in trouble in a browser', (it) => {
  it('a microphone that the system mutes is shown as such, and the agent is told that the speech has ended', async () => {
    const page = await openInVoice(SYSTEM_MUTE);
    const ended = page.waitForRequest((request) => request.postData()?.includes('audio_stream_end') ?? false);
    await page.evaluate('setSystemMuted(true)');
    await page.getByTestId('activity').getByText('The system has muted the microphone').waitFor();
    await ended;
    await page.evaluate('setSystemMuted(false)');
    await page.getByTestId('activity').getByText('Listening').waitFor();
    await page.waitForRequest(isAudio);
  });

  it('an answer that is interrupted while the way up stalls does not come back', async () => {
    const page = await openInVoice();
    await page.getByRole('button', { name: 'Mute the microphone' }).click();
    await page.getByLabel('Message').fill('Count to twenty');
    await page.keyboard.press('Enter');
    const turns = page.getByTestId('agent-turn');
    await turns.getByText('two').waitFor();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    await page.route('**/send/**', async (route) => {
      await held;
      await route.continue().catch(() => undefined);
    });
    await page.keyboard.press('Escape');
    await page.waitForTimeout(4_000);
    expect(await turns.count()).toBe(1);
    release();
    await page.getByTestId('activity').getByText('Microphone off').waitFor();
    expect(await turns.count()).toBe(1);
    expect(await turns.getAttribute('data-state')).toBe('interrupted');
  });

  it('a page that is blocked for three seconds loses no speech and blames no network', async () => {
    const page = await openInVoice();
    let sentMs = 0;
    page.on('request', (request) => {
      if (isAudio(request)) sentMs += (request.postDataBuffer()?.length ?? 0) / BYTES_PER_MS;
    });
    await page.evaluate('{ const end = performance.now() + 3_000; while (performance.now() < end); }');
    while (sentMs < 2_900) await page.waitForTimeout(50);
    expect(await page.getByTestId('notice-slow').count()).toBe(0);
  });
});
