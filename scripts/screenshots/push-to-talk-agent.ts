import { Agent } from 'bidi-sse';

/** An agent that listens only while the user holds a button. */
export const rootAgent = new Agent({
  name: 'walkie_talkie',
  runConfig: { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } },
});
