import { Agent } from 'bidi-sse';

export const rootAgent = new Agent({
  name: 'puk',
  runConfig: { speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Pukc' } } } },
});
