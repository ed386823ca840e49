import { startGeminiEmulator } from '../../../src/emulator/gemini/emulator.ts';
import type { Scenario } from '../../../src/emulator/scenario.ts';
import { GEMINI_FAMILIES } from '../../../src/models/gemini/family.ts';
import { type ProviderBehaviour, testRealtimeModelContract } from '../realtime-model-contract.ts';
import { modelAt } from './gemini-model.ts';

const SCENARIOS: Readonly<Record<ProviderBehaviour, Scenario>> = {
  normal: [],
  silent: [[{ at: 'setup', do: 'silence' }]],
  quota: [[{ at: 'setup', do: { close: 1011, reason: 'RESOURCE_EXHAUSTED: You exceeded your current quota.' } }]],
  drops_reply: [[{ at: { frame: 3 }, do: 'drop' }]],
  rejected: [[{ at: { heard: 1 }, do: { close: 1007, reason: 'Request contains an invalid argument.' } }]],
  auth: [[{ at: { heard: 1 }, do: { close: 1008, reason: 'PERMISSION_DENIED on project' } }]],
  go_away: [[{ at: { turn: 1 }, do: { goAway: 60_000 } }]],
  stops_reading: [[{ at: 'setup', do: { drain: 1 } }]],
};

/** Fast enough for short answers, and slow enough that a long answer is still given when a test cancels it. */
const PACE = 5;

for (const { example: model } of Object.values(GEMINI_FAMILIES)) {
  testRealtimeModelContract(model, async (behaviour) => {
    const emulator = await startGeminiEmulator({ pace: PACE, strict: true, scenario: SCENARIOS[behaviour] });
    return {
      model: modelAt(emulator.url, { model }),
      get openConnections() {
        return emulator.connections;
      },
      close: () => emulator.close(),
    };
  });
}
