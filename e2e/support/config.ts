/** What stories read from the environment. */
export function sampleDataFolder(): string | undefined {
  return process.env.LYCEUM_SAMPLE_DATA;
}
