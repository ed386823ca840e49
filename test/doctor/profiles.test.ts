import { regularProfiles } from '../gauntlet/profiles/all.ts';
import { describeFindings } from './network-findings.ts';

describeFindings(regularProfiles);
