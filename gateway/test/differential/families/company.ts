/**
 * A company: nested keys, keys that lead from subgraph to subgraph, keys that may be null, references that nobody knows.
 */
import type { Family } from './family.ts';

export const company: Family = {
  name: 'company',
  dangling: { Employee: ['staff', 'payroll', 'badges'] },
  nullKeys: { 'Parcel.code': ['tracking'] },
  subgraphs: {
    directory: `
      type Employee @key(fields: "id") { id: ID! desk: Desk phone(kind: Kind = WORK): String assistants: [Employee] }
      enum Kind { WORK HOME }
      type Desk { floor: Int! neighbour: Employee occupant: Employee! }
      type Team @key(fields: "company { id } number") { company: Company! number: Int! motto: String }
      type Company @key(fields: "id") { id: ID! name: String! teams: [Team!]! ceo: Employee! vacant: Employee }
      type Query { employees: [Employee!] employee(id: ID): Employee company: Company companies: [Company]! teamRows: [[Team!]!] }`,
    staff: `
      type Employee @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String! team: Team boss: Employee }
      type Team @key(fields: "company { id } number") { company: Company! number: Int! members: [Employee!] lead: Employee }
      type Company @key(fields: "id", resolvable: false) { id: ID! }
      type Query { boss: Employee! everyone(active: Boolean): [Employee] }`,
    payroll: `
      type Employee @key(fields: "id", resolvable: false) @key(fields: "email") @key(fields: "number") { id: ID! email: String! number: Int! salary: Float! bonus: Float grade: Grade! }
      enum Grade { A B C }
      type Query { richest: Employee }`,
    badges: `
      type Employee @key(fields: "number") { number: Int! badge: Badge badges: [Badge!]! }
      type Badge { colour: String! holder: Employee issued: Issue! }
      type Issue { at: String by: Employee! }
      type Query { issue: Issue }`,
    teams: `
      type Team @key(fields: "company { id } number") { company: Company! number: Int! budget: Float! goals: [Goal] }
      type Goal { text: String! team: Team! score: Int }
      type Company @key(fields: "id") { id: ID! budget: Float rival: Company }
      type Query { goals: [Goal!] }`,
    post: `
      type Parcel @key(fields: "id") @key(fields: "code") { id: ID! code: String weight: Int! to: Employee parts: [Parcel] }
      type Employee @key(fields: "id", resolvable: false) { id: ID! }
      type Query { parcel: Parcel parcels: [Parcel!]! }`,
    tracking: `
      type Parcel @key(fields: "code") { code: String place: String log: [Stop] }
      type Stop { place: String! }
    `,
  },
};
