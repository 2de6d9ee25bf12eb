/**
 * People of a story: they sign up through the gateway like anybody else.
 */
import { randomUUID } from 'node:crypto';
import { eventually, type GraphClient, graphClient } from '@lyceum/testing';
import { EnrollDocument, SignUpDocument } from '../__generated__/operations.ts';

export interface Person extends GraphClient {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

export async function signUp(gatewayUrl: string, name: string): Promise<Person> {
  const { signUp: session } = await graphClient(gatewayUrl).query(SignUpDocument, {
    input: { email: `${randomUUID()}@story.example`, password: `secret of ${name}`, displayName: name },
  });
  if (session.__typename !== 'Session') throw new Error(`${name} could not sign up: ${session.message}`);
  return {
    ...graphClient(gatewayUrl, { token: session.accessToken }),
    ...session.user,
    name,
    token: session.accessToken,
  };
}

/** Enrols, waiting for a course that was published a moment ago. Returns the enrolment's id. */
export async function enroll(person: GraphClient, courseId: string): Promise<string> {
  return eventually(async () => {
    const { enroll: result } = await person.query(EnrollDocument, { courseId });
    if (result.__typename !== 'Enrollment') throw new Error(result.message);
    return result.id;
  });
}
