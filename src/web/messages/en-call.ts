/** The texts of a call in English. */
export const enCall = {
  title: 'Voice',
  end: 'End',
  hints: {
    starting: 'Allow the microphone if the browser asks.',
    offline: 'The agent does not hear you.',
    listening: 'Speak, or write below.',
    speaking: 'Talk to interrupt.',
    muted: 'The agent does not hear you.',
    'system-muted': 'Unmute it with the key or the switch of this device.',
  },
  talkHints: {
    'push-to-talk': 'Hold the button or the space bar, and talk.',
    hearing: 'Let go when you have finished.',
    speaking: 'Hold the button to interrupt.',
  },
  hold: 'Hold to talk',
  release: 'Let go to send',
  camera: 'Show the camera',
  screen: 'Share the screen',
  sound: 'Sound',
  microphone: 'Microphone',
  speaker: 'Loudspeaker',
  volume: 'Volume of the agent',
  defaultDevice: 'Default of the system',
  unnamedDevice: (number: number) => `Device ${number}`,
  missingDevice: 'Not connected: the default is used',
  you: 'You',
  agent: 'Agent',
  level: (speaker: string) => `${speaker}: level`,
  mute: 'Mute the microphone',
  unmute: 'Unmute the microphone',
  endTitle: 'End voice',
};

/** The texts of a call in one language. */
export type CallMessages = typeof enCall;
