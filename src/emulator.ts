/** The emulator as a library, for the test suites of others: `bidi-sse/emulator`. */
export { type GeminiEmulator, type GeminiEmulatorOptions, startGeminiEmulator } from './emulator/gemini/emulator.ts';
export { SCENARIOS } from './emulator/gemini/scenarios.ts';
export type { TextAnswer } from './emulator/gemini/text-answer.ts';
export type { Scenario } from './emulator/scenario.ts';
export { loadSpeechClips, SPEECH_RATE, type SpeechClips } from './emulator/speech-clips.ts';
