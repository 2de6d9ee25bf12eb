/** What these tests read from the environment: the folder of the Open edX demo course, if it is not beside the checkout. */
export function sampleDataFolder(): string | undefined {
  return process.env.LYCEUM_SAMPLE_DATA;
}
