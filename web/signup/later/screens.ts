// What is not needed before the code is verified: it loads after the first screen is shown.
import { addWords } from '../words.ts';
import { laterWords } from './words.ts';

addWords(laterWords);

export { Done, OtherInvitation, Refusal, Resume } from './results.tsx';
export { ExtensionDialog, StepScreen } from './steps.tsx';
