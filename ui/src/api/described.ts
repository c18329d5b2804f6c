// Generated from crates/api/openapi.json by `npm run generate`. Do not change it by hand.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Activity: {
            buckets: components["schemas"]["UseBucket"][];
        };
        /** @description The advisory, recall or life cycle that a finding rests on. What is not known is absent. */
        AdvisoryOf: {
            /** @description Feeds and ids that say the same. */
            also?: string[];
            /**
             * Format: int32
             * @description Recall class, 1 (worst) to 3.
             */
            class?: number;
            cve?: string[];
            cvss?: components["schemas"]["CvssScore"];
            /**
             * Format: date
             * @description Last day of support.
             */
            ended?: string;
            /**
             * Format: double
             * @description Probability of exploitation within 30 days.
             */
            epss?: number;
            exploitation?: string;
            /** @description Name of the feed. */
            feed: string;
            id: string;
            /** @description In CISA's catalogue of exploited vulnerabilities; absent where that was never loaded. */
            kev?: boolean;
            /** Format: date */
            published?: string;
            ransomware?: boolean;
            replacement?: string;
            url?: string;
        };
        /** @description All that people said of one device. */
        Annotation: {
            /**
             * Format: int32
             * @description 1 (least) to 5 (life depends on it).
             */
            criticality?: number | null;
            currency?: string | null;
            lifecycle: components["schemas"]["Lifecycle"];
            maintenance: components["schemas"]["Maintenance"][];
            note?: string | null;
            owner?: string | null;
            place?: string | null;
            tags: string[];
            /** Format: int64 */
            value?: number | null;
            /**
             * Format: int64
             * @description Counts changes, from 0.
             */
            version: number;
        };
        At: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            total: number;
        };
        /** @description Something that a person should look at. */
        Attention: {
            /** Format: int64 */
            count: number;
            kind: string;
            /** @description Page of the interface. */
            link: string;
            /** @description Search that finds the devices. */
            query?: string;
            severity: components["schemas"]["Severity"];
            title: string;
        };
        /** @description An attribute got another value. */
        AttributeChange: {
            /** Format: date-time */
            at: string;
            attribute: string;
            because: string;
            /** Format: double */
            confidence: number;
            device: string;
            value?: string | null;
        };
        /** @description An entry of the audit trail in its chain. */
        AuditRecord: {
            action: string;
            /** Format: date-time */
            at: string;
            details: Record<string, never>;
            from: string;
            hash: string;
            /** Format: int64 */
            number: number;
            object: string;
            /** @description "done", "denied", "failed". */
            outcome: string;
            who: string;
        };
        /** @description A change to many devices: those of a search, or those named. */
        Bulk: {
            /** @description At most 1000. */
            ids?: string[] | null;
            patch: components["schemas"]["Change"];
            q?: string | null;
        };
        /**
         * @description How a syslog receiver is reached.
         * @enum {string}
         */
        Carrier: "udp" | "tcp";
        /** @description A change to what people say; what is absent stays, null takes away. */
        Change: {
            add_tags?: string[];
            /** Format: int32 */
            criticality?: number | null;
            currency?: string | null;
            lifecycle?: components["schemas"]["Lifecycle"] | null;
            maintenance?: components["schemas"]["Work"][] | null;
            note?: string | null;
            owner?: string | null;
            place?: string | null;
            remove_tags?: string[];
            /** Format: int64 */
            value?: number | null;
        };
        /** @description A channel as it is shown. */
        ChannelShown: components["schemas"]["Target"] & {
            enabled: boolean;
            has_secret: boolean;
            id: string;
            kinds: components["schemas"]["EventKind"][];
            name: string;
            sites?: string[] | null;
            state: components["schemas"]["Progress"];
            threshold: components["schemas"]["Severity"];
        };
        /** @description A one-time code. */
        Code: {
            code: string;
        };
        /** @description The list beside the wire; at most a thousand of each kind are told. */
        Compared: {
            /**
             * Format: int64
             * @description Rows that fit several devices.
             */
            ambiguous: number;
            /** @description Field of Medward to column of the list. */
            columns: {
                [key: string]: string;
            };
            contradicting: components["schemas"]["Contradicting"][];
            /** Format: int64 */
            matched: number;
            /** @description In the list and not on the wire. */
            missing_on_wire: components["schemas"]["Listed"][];
            /** Format: int64 */
            missing_total: number;
            /** Format: int64 */
            rows: number;
            /**
             * Format: int64
             * @description Rows that were given to the core as evidence.
             */
            taken: number;
            /** @description On the wire and not in the list. */
            unknown_to_cmms: components["schemas"]["DeviceSummary"][];
            /** Format: int64 */
            unknown_total: number;
            /**
             * Format: int64
             * @description Rows in which nothing names a device.
             */
            unusable: number;
            /**
             * Format: int64
             * @description Devices of which the list says what they are worth.
             */
            valued: number;
        };
        /** @description The two say different things of one device. */
        Contradicting: {
            cmms: string;
            device: string;
            field: string;
            wire: string;
        };
        /** @description A conversation with the names of its ends. */
        ConversationRow: {
            /** Format: int64 */
            bytes: number;
            /** Format: date-time */
            first_seen: string;
            /** Format: int64 */
            flows: number;
            /** Format: date-time */
            last_seen: string;
            originator: string;
            originator_category?: string | null;
            originator_name: string;
            originator_scope: string;
            /** Format: int64 */
            packets: number;
            /** Format: int32 */
            port: number;
            protocol: string;
            responder: string;
            responder_category?: string | null;
            responder_name: string;
            responder_scope: string;
            transport: string;
        };
        /** @description A value with how many devices have it. */
        Count: {
            /** Format: int64 */
            count: number;
            value: string;
        };
        /** @description How many there are, and what they rest on. */
        Counted: {
            /** Format: int64 */
            devices: number;
            /** Format: int64 */
            exploited: number;
            /** Format: int64 */
            findings: number;
            kinds: {
                [key: string]: number;
            };
            knowledge: components["schemas"]["KnowledgeLoaded"];
            /** @description By their names. */
            severities: {
                [key: string]: number;
            };
            statuses: {
                [key: string]: number;
            };
            treatments: {
                [key: string]: number;
            };
        };
        /** @description What is heard. */
        CoverageCounts: {
            /** Format: int64 */
            heard: number;
            site: string;
            /** @description The same by switch, as far as somebody tells at which ports devices are. */
            switches: {
                [key: string]: number;
            };
            /** Format: int64 */
            unheard: number;
            unheard_switches: {
                [key: string]: number;
            };
            unheard_vlans: {
                [key: string]: number;
            };
            /** @description VLANs with the number of devices heard in each, and of those never heard. */
            vlans: {
                [key: string]: number;
            };
        };
        /** @description Name and password. */
        Credentials: {
            /** @description One-time code, where the account has one. */
            code?: string | null;
            name: string;
            password: string;
        };
        /** @description The score that a severity is from. */
        CvssScore: {
            /** Format: double */
            score: number;
            vector: string;
            version: string;
        };
        /** @description A day. */
        Day: {
            /** Format: int64 */
            actions: number;
            /** @description As 2026-11-22, UTC. */
            day: string;
            /** Format: int64 */
            hours: number;
        };
        /** @description Days, each 0 (for good) to 36500. */
        Days: {
            /** Format: int32 */
            attributes: number;
            /** Format: int32 */
            days: number;
            /** Format: int32 */
            devices: number;
            /** Format: int32 */
            events: number;
            /** Format: int32 */
            external_devices: number;
            /** Format: int32 */
            grave_events: number;
            /** Format: int32 */
            hours: number;
            /** Format: int32 */
            stays: number;
        };
        /** @description What a person decided about the identity of devices. */
        Decision: {
            /** @enum {string} */
            kind: "join";
            nodes: string[];
        } | {
            from: string[];
            /** @enum {string} */
            kind: "part";
            node: string;
        };
        /** @description A decision with who took it. */
        DecisionRecord: {
            /** Format: date-time */
            at: string;
            by: string;
            decision: components["schemas"]["Decision"];
            /** Format: int64 */
            number: number;
            reason: string;
            site: string;
        };
        /** @description A device as a row of a table. What is not known is absent. */
        DeviceListed: {
            category?: string;
            /** Format: int32 */
            criticality?: number;
            family?: string;
            /**
             * Format: int64
             * @description How much is found to be wrong with it, without what only may concern it.
             */
            findings?: number;
            firmware?: string;
            /** Format: date-time */
            first_seen?: string;
            group?: string;
            id: string;
            ips?: string[];
            /** Format: date-time */
            last_seen?: string;
            /** @description "yes", "no", "unknown". */
            life_supporting?: string;
            lifecycle?: components["schemas"]["Lifecycle"];
            macs?: string[];
            medical?: boolean;
            model?: string;
            name?: string;
            os?: string;
            os_version?: string;
            owner?: string;
            role?: string;
            /** @description "internal", "external", "multicast". */
            scope?: string;
            serial?: string;
            site?: string;
            status?: components["schemas"]["Status"];
            tags?: string[];
            vendor?: string;
            /**
             * Format: int64
             * @description Counts changes: an entity tag.
             */
            version?: number;
            vlans?: number[];
            whereabouts?: components["schemas"]["Whereabouts"];
            /** @description The worst of it. */
            worst_finding?: components["schemas"]["Severity"];
        };
        Devices: {
            /** Format: int64 */
            active: number;
            /** Format: int64 */
            external: number;
            /** Format: int64 */
            medical: number;
            /** Format: int64 */
            missing: number;
            /** Format: int64 */
            new_24h: number;
            /** Format: int64 */
            silent: number;
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            unheard: number;
        };
        /** @description A device as a row of a table. What is not known is absent. */
        DeviceSummary: {
            category?: string;
            /** Format: int32 */
            criticality?: number;
            family?: string;
            /**
             * Format: int64
             * @description How much is found to be wrong with it, without what only may concern it.
             */
            findings: number;
            firmware?: string;
            /** Format: date-time */
            first_seen?: string;
            group?: string;
            id: string;
            ips: string[];
            /** Format: date-time */
            last_seen?: string;
            /** @description "yes", "no", "unknown". */
            life_supporting?: string;
            lifecycle: components["schemas"]["Lifecycle"];
            macs: string[];
            medical: boolean;
            model?: string;
            name: string;
            os?: string;
            os_version?: string;
            owner?: string;
            role?: string;
            /** @description "internal", "external", "multicast". */
            scope: string;
            serial?: string;
            site: string;
            status: components["schemas"]["Status"];
            tags: string[];
            vendor?: string;
            /**
             * Format: int64
             * @description Counts changes: an entity tag.
             */
            version: number;
            vlans: number[];
            whereabouts?: components["schemas"]["Whereabouts"];
            /** @description The worst of it. */
            worst_finding?: components["schemas"]["Severity"];
        };
        /** @description It was done. */
        Done: {
            done: boolean;
        };
        /** @description A mail for each event. */
        EmailTarget: {
            from: string;
            host: string;
            /** Format: int32 */
            port: number;
            security?: components["schemas"]["MailSecurity"];
            to: string[];
            /** @description With the secret as password; empty: without signing in. */
            user?: string;
        };
        /** @description Something that happened. */
        Event: {
            /** Format: date-time */
            at: string;
            details?: {
                [key: string]: string;
            };
            device?: string;
            kind: components["schemas"]["EventKind"];
            /** Format: int64 */
            number: number;
            severity: components["schemas"]["Severity"];
            site: string;
            /** @description One line, in plain words. */
            title: string;
        };
        /**
         * @description Kinds of events.
         * @enum {string}
         */
        EventKind: "first-seen" | "attribute-changed" | "upgraded" | "downgraded" | "serial-changed" | "new-service" | "new-peer" | "moved" | "missing" | "reappeared" | "merged" | "sensor" | "person" | "external" | "finding";
        /** @description A field with its most frequent values. */
        FacetOf: {
            field: string;
            values: components["schemas"]["Count"][];
            /**
             * Format: int64
             * @description Devices that have none.
             */
            without: number;
        };
        Facets: {
            facets: components["schemas"]["FacetOf"][];
        };
        /** @description A feed that was loaded. */
        FeedLoaded: {
            /** Format: date-time */
            as_of?: string | null;
            /** Format: int64 */
            records: number;
        };
        /** @description What is wrong with a device, and how that is known. */
        Finding: {
            advisory?: components["schemas"]["AdvisoryOf"];
            /**
             * Format: double
             * @description 0 to 1.
             */
            confidence: number;
            device: string;
            device_category?: string;
            device_name: string;
            /**
             * Format: date-time
             * @description Since when it is so no more.
             */
            ended?: string;
            /** @description Known to be exploited. */
            exploited: boolean;
            /** Format: date-time */
            found: string;
            id: string;
            kind: components["schemas"]["FindingKind"];
            /** @description Left out of lists over several devices. */
            match?: components["schemas"]["MatchOf"];
            /** @description Why, and what to do, in a sentence. */
            reason: string;
            severity: components["schemas"]["Severity"];
            site: string;
            status: components["schemas"]["FindingStatus"];
            title: string;
            /** @description What it is put together with: the advisory, else kind and words. */
            topic: string;
            treatment: components["schemas"]["Treatment"];
        };
        /**
         * @description Kinds of findings.
         * @enum {string}
         */
        FindingKind: "vulnerability" | "recall" | "end-of-support" | "weak-protocol" | "weak-cipher" | "certificate" | "clear-text-login" | "clear-text-patient-data" | "default-credential" | "anonymous-access";
        /**
         * @description How sure it is that the device is concerned.
         * @enum {string}
         */
        FindingStatus: "affected" | "likely" | "possible";
        /** @description Findings that say the same of several devices; words and advisory are those of one of them. */
        FindingTopic: {
            advisory?: components["schemas"]["AdvisoryOf"];
            /** Format: double */
            confidence: number;
            /** Format: int64 */
            devices: number;
            exploited: boolean;
            /** Format: date-time */
            first_found: string;
            kind: components["schemas"]["FindingKind"];
            /** Format: date-time */
            last_found: string;
            reason: string;
            /** @description The worst of them. */
            severity: components["schemas"]["Severity"];
            status: components["schemas"]["FindingStatus"];
            title: string;
            topic: string;
            treatment: components["schemas"]["Treatment"];
        };
        /** @description What is found to be wrong, without what only may concern a device. */
        Found: {
            /** Format: int64 */
            critical: number;
            /**
             * Format: int64
             * @description Devices with any of it.
             */
            devices: number;
            /**
             * Format: int64
             * @description Known to be exploited.
             */
            exploited: number;
            /** Format: int64 */
            findings: number;
            /**
             * Format: int64
             * @description Devices with something critical or exploited.
             */
            grave_devices: number;
            /** Format: int64 */
            high: number;
        };
        /** @description General settings. */
        General: {
            /**
             * @description Code of the currency of device values, such as EUR.
             * @default
             */
            currency?: string;
            /**
             * @description What the network is called.
             * @default
             */
            network_name?: string;
            /**
             * @description Shown at sign-in.
             * @default
             */
            notice?: string;
            /**
             * @description Where most people are, such as Europe/Berlin; people's own zone wins.
             * @default
             */
            time_zone_hint?: string;
        };
        /** @description A sensor to come. */
        Guest: {
            name: string;
            site: string;
        };
        /**
         * @description How a sensor is.
         * @enum {string}
         */
        Health: "good" | "dropping" | "silent" | "behind";
        /** @description What is heard, with the devices that are not. */
        Heard: components["schemas"]["CoverageCounts"] & {
            /** @description In place of the identifiers of the coverage. */
            blind_spots: components["schemas"]["DeviceSummary"][];
            /** @description What the maintenance system lists and nobody heard at any site; only for who sees all sites. */
            inventory?: components["schemas"]["Unseen"];
        };
        /**
         * @description How a position is known.
         * @enum {string}
         */
        How: "rtls" | "access-point";
        /** @description An integration. */
        Integration: {
            /** @description Where the other system sends to, with a token that has integration.manage. */
            address: string;
            by: string;
            id: string;
            kind: components["schemas"]["IntegrationKind"];
            /** Format: date-time */
            made: string;
            name: string;
        };
        /**
         * @description What it brings.
         * @enum {string}
         */
        IntegrationKind: "cmms" | "wireless" | "rtls";
        /** @description How a new sensor joins. */
        Invitation: {
            /** @description What to run on the sensor's machine. */
            command: string;
            /** @description Once and for a limited time. */
            token: string;
        };
        /** @description A page of a list. */
        Items_AttributeChange: {
            items: {
                /** Format: date-time */
                at: string;
                attribute: string;
                because: string;
                /** Format: double */
                confidence: number;
                device: string;
                value?: string | null;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_AuditRecord: {
            items: {
                action: string;
                /** Format: date-time */
                at: string;
                details: Record<string, never>;
                from: string;
                hash: string;
                /** Format: int64 */
                number: number;
                object: string;
                /** @description "done", "denied", "failed". */
                outcome: string;
                who: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_ChannelShown: {
            items: (components["schemas"]["Target"] & {
                enabled: boolean;
                has_secret: boolean;
                id: string;
                kinds: components["schemas"]["EventKind"][];
                name: string;
                sites?: string[] | null;
                state: components["schemas"]["Progress"];
                threshold: components["schemas"]["Severity"];
            })[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_ConversationRow: {
            items: {
                /** Format: int64 */
                bytes: number;
                /** Format: date-time */
                first_seen: string;
                /** Format: int64 */
                flows: number;
                /** Format: date-time */
                last_seen: string;
                originator: string;
                originator_category?: string | null;
                originator_name: string;
                originator_scope: string;
                /** Format: int64 */
                packets: number;
                /** Format: int32 */
                port: number;
                protocol: string;
                responder: string;
                responder_category?: string | null;
                responder_name: string;
                responder_scope: string;
                transport: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_DeviceListed: {
            items: {
                category?: string;
                /** Format: int32 */
                criticality?: number;
                family?: string;
                /**
                 * Format: int64
                 * @description How much is found to be wrong with it, without what only may concern it.
                 */
                findings?: number;
                firmware?: string;
                /** Format: date-time */
                first_seen?: string;
                group?: string;
                id: string;
                ips?: string[];
                /** Format: date-time */
                last_seen?: string;
                /** @description "yes", "no", "unknown". */
                life_supporting?: string;
                lifecycle?: components["schemas"]["Lifecycle"];
                macs?: string[];
                medical?: boolean;
                model?: string;
                name?: string;
                os?: string;
                os_version?: string;
                owner?: string;
                role?: string;
                /** @description "internal", "external", "multicast". */
                scope?: string;
                serial?: string;
                site?: string;
                status?: components["schemas"]["Status"];
                tags?: string[];
                vendor?: string;
                /**
                 * Format: int64
                 * @description Counts changes: an entity tag.
                 */
                version?: number;
                vlans?: number[];
                whereabouts?: components["schemas"]["Whereabouts"];
                /** @description The worst of it. */
                worst_finding?: components["schemas"]["Severity"];
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_DeviceSummary: {
            items: {
                category?: string;
                /** Format: int32 */
                criticality?: number;
                family?: string;
                /**
                 * Format: int64
                 * @description How much is found to be wrong with it, without what only may concern it.
                 */
                findings: number;
                firmware?: string;
                /** Format: date-time */
                first_seen?: string;
                group?: string;
                id: string;
                ips: string[];
                /** Format: date-time */
                last_seen?: string;
                /** @description "yes", "no", "unknown". */
                life_supporting?: string;
                lifecycle: components["schemas"]["Lifecycle"];
                macs: string[];
                medical: boolean;
                model?: string;
                name: string;
                os?: string;
                os_version?: string;
                owner?: string;
                role?: string;
                /** @description "internal", "external", "multicast". */
                scope: string;
                serial?: string;
                site: string;
                status: components["schemas"]["Status"];
                tags: string[];
                vendor?: string;
                /**
                 * Format: int64
                 * @description Counts changes: an entity tag.
                 */
                version: number;
                vlans: number[];
                whereabouts?: components["schemas"]["Whereabouts"];
                /** @description The worst of it. */
                worst_finding?: components["schemas"]["Severity"];
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Event: {
            items: {
                /** Format: date-time */
                at: string;
                details?: {
                    [key: string]: string;
                };
                device?: string;
                kind: components["schemas"]["EventKind"];
                /** Format: int64 */
                number: number;
                severity: components["schemas"]["Severity"];
                site: string;
                /** @description One line, in plain words. */
                title: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Finding: {
            items: {
                advisory?: components["schemas"]["AdvisoryOf"];
                /**
                 * Format: double
                 * @description 0 to 1.
                 */
                confidence: number;
                device: string;
                device_category?: string;
                device_name: string;
                /**
                 * Format: date-time
                 * @description Since when it is so no more.
                 */
                ended?: string;
                /** @description Known to be exploited. */
                exploited: boolean;
                /** Format: date-time */
                found: string;
                id: string;
                kind: components["schemas"]["FindingKind"];
                /** @description Left out of lists over several devices. */
                match?: components["schemas"]["MatchOf"];
                /** @description Why, and what to do, in a sentence. */
                reason: string;
                severity: components["schemas"]["Severity"];
                site: string;
                status: components["schemas"]["FindingStatus"];
                title: string;
                /** @description What it is put together with: the advisory, else kind and words. */
                topic: string;
                treatment: components["schemas"]["Treatment"];
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_FindingTopic: {
            items: {
                advisory?: components["schemas"]["AdvisoryOf"];
                /** Format: double */
                confidence: number;
                /** Format: int64 */
                devices: number;
                exploited: boolean;
                /** Format: date-time */
                first_found: string;
                kind: components["schemas"]["FindingKind"];
                /** Format: date-time */
                last_found: string;
                reason: string;
                /** @description The worst of them. */
                severity: components["schemas"]["Severity"];
                status: components["schemas"]["FindingStatus"];
                title: string;
                topic: string;
                treatment: components["schemas"]["Treatment"];
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Integration: {
            items: {
                /** @description Where the other system sends to, with a token that has integration.manage. */
                address: string;
                by: string;
                id: string;
                kind: components["schemas"]["IntegrationKind"];
                /** Format: date-time */
                made: string;
                name: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Judged: {
            items: (components["schemas"]["SensorState"] & {
                health: components["schemas"]["Health"];
                /** @description The same in plain words. */
                words: string;
            })[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_OpenInvitation: {
            items: {
                /** Format: date-time */
                expires: string;
                /** @description Names it; it lets nobody in. */
                id: string;
                /** @description Of the sensor that it lets in. */
                name: string;
                site: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_PersonShown: {
            items: {
                disabled: boolean;
                display: string;
                /** Format: date-time */
                last_login?: string | null;
                must_change_password: boolean;
                name: string;
                role: components["schemas"]["Role"];
                /** @description null: all sites. */
                sites?: string[] | null;
                source: components["schemas"]["Source"];
                /** @description Signs in with one-time codes too. */
                totp: boolean;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Place: {
            items: (components["schemas"]["Layout"] & {
                /**
                 * Format: int64
                 * @description Devices that are here.
                 */
                devices: number;
                id: string;
                /**
                 * Format: int64
                 * @description Of those, missing.
                 */
                missing: number;
            })[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Spoken: {
            items: {
                /** @description As it is usually written, in short: "DHCP". */
                label: string;
                /** @description As in conversations, services and evidence: "modbus". */
                name: string;
                /** @description In full: "DHCP and BOOTP". */
                title: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_Stay: {
            items: {
                device: string;
                whereabouts: components["schemas"]["Whereabouts"];
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_TakenDecision: {
            items: {
                record: components["schemas"]["DecisionRecord"];
                undone?: components["schemas"]["Undone"] | null;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_TokenShown: {
            items: {
                /** Format: date-time */
                expires: string;
                id: string;
                /** Format: date-time */
                last_used?: string | null;
                name: string;
                owner: string;
                role: components["schemas"]["Role"];
                /** @description Empty: all permissions of the role. */
                scopes: components["schemas"]["Permission"][];
                sites?: string[] | null;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_UseRow: {
            items: {
                /** Format: int64 */
                actions: number;
                /** Format: int64 */
                days: number;
                /** Format: int64 */
                devices: number;
                /** Format: int64 */
                hours: number;
                key: string;
                label: string;
                /** Format: date-time */
                last_used?: string | null;
                /** Format: int64 */
                used: number;
                /** @description Device-hours by hour of the week, UTC, from Monday 00:00: 168 numbers. */
                week: number[];
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A page of a list. */
        Items_View: {
            items: {
                columns: string[];
                id: string;
                name: string;
                owner: string;
                q: string;
                /** @description Others see it too. */
                shared: boolean;
                sort: string;
            }[];
            /** @description For the next page, as `cursor`; null at the end. */
            next?: string | null;
            /**
             * Format: int64
             * @description Over all pages, where it is counted.
             */
            total?: number;
        };
        /** @description A sensor with what that means. */
        Judged: components["schemas"]["SensorState"] & {
            health: components["schemas"]["Health"];
            /** @description The same in plain words. */
            words: string;
        };
        /** @description With what devices are judged. */
        KnowledgeLoaded: {
            feeds: {
                [key: string]: components["schemas"]["FeedLoaded"];
            };
            /** @description Without any, only what the wire itself shows is found: nothing found is not "nothing known". */
            loaded: boolean;
            /**
             * Format: date-time
             * @description Since when it is judged with.
             */
            since?: string | null;
            /**
             * Format: int64
             * @description Devices that are still to be judged; null for who sees some sites only.
             */
            waiting?: number | null;
        };
        /** @description A place as it is kept and sent. What is told of it besides (id, devices, missing) may be sent back, and is not read. */
        Layout: {
            kind: components["schemas"]["PlaceKind"];
            name: string;
            /** @description The place it lies in. */
            parent?: string | null;
            plan?: components["schemas"]["Plan"] | null;
            rules?: components["schemas"]["Rule"][];
            /**
             * Format: double
             * @description Where it lies on the plan of its floor.
             */
            x?: number | null;
            /** Format: double */
            y?: number | null;
        };
        /**
         * @description Where a device stands between being ordered and being thrown away.
         * @enum {string}
         */
        Lifecycle: "ordered" | "in-service" | "stored" | "retired" | "lost";
        /** @description Traffic between two nodes of the map. */
        Link: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            conversations: number;
            /** Format: int64 */
            flows: number;
            from: string;
            /** Format: date-time */
            last_seen: string;
            protocols: string[];
            to: string;
        };
        /** @description A row of the list. */
        Listed: {
            ip: string;
            location: string;
            mac: string;
            model: string;
            name: string;
            serial: string;
            tag: string;
            value: string;
            vendor: string;
        };
        /**
         * @description How a mail server is spoken to.
         * @enum {string}
         */
        MailSecurity: "tls" | "starttls" | "none";
        /** @description A time in which a device is worked on. */
        Maintenance: {
            /** Format: date-time */
            from: string;
            reason?: string;
            /** Format: date-time */
            until: string;
        };
        ManyChanged: {
            /** Format: int64 */
            changed: number;
        };
        /** @description The map. */
        Map: {
            /** @description There are more links than were asked for: the smallest are left out. */
            cut: boolean;
            links: components["schemas"]["Link"][];
            nodes: components["schemas"]["Node"][];
        };
        /** @description One thing that was compared. */
        MatchDetail: {
            advisory_value: string;
            attribute: string;
            /** @description Empty where the device's is not known. */
            device_value: string;
            /** @description How they compare, in words. */
            how: string;
        };
        /** @description How device and advisory came together. */
        MatchOf: {
            matched: components["schemas"]["MatchDetail"][];
            method: string;
            unmatched: components["schemas"]["MatchDetail"][];
            /** @description What would make it surer. */
            would_help?: string[];
        };
        /** @description Who somebody is. */
        Me: {
            display: string;
            name: string;
            role: components["schemas"]["Role"];
            /** @description null: all sites. */
            sites?: string[] | null;
            totp: boolean;
        };
        /** @description Records that are one device. */
        Merge: {
            ids: string[];
            reason?: string;
        };
        /** @description A token with its secret. */
        Minted: components["schemas"]["TokenShown"] & {
            /** @description TokenShown once. */
            token: string;
        };
        /** @description What is missing, and what is at stake. */
        Missing: {
            /** Format: int64 */
            devices: number;
            /** @description At most a hundred: what life depends on first, then by criticality and value. */
            items: components["schemas"]["MissingDevice"][];
            /**
             * Format: int64
             * @description Life depends on so many of them.
             */
            life_supporting: number;
            /**
             * Format: int64
             * @description Of so many nobody said the value.
             */
            without_value: number;
            /** @description In plain words. */
            words: string;
            /** @description By currency, the largest first. */
            worth: components["schemas"]["Sum"][];
        };
        /** @description A device that is missing, with what is at stake. */
        MissingDevice: {
            /** @description Where it was before it was where it was seen last. */
            before?: components["schemas"]["Whereabouts"];
            currency?: string;
            device: components["schemas"]["DeviceSummary"];
            /**
             * Format: date-time
             * @description When it last was used in care; absent where that is not known, or not for you.
             */
            last_used?: string;
            /** Format: int64 */
            value?: number;
        };
        /** @description A channel to be made or changed. */
        NewChannel: components["schemas"]["Target"] & {
            enabled?: boolean;
            /** @description Empty: all kinds. */
            kinds?: components["schemas"]["EventKind"][];
            name: string;
            /**
             * @description Key of the webhook's signature, or password of the mail account; never shown. Absent: stays, unless the channel
             *     leads elsewhere than before. Empty: none.
             */
            secret?: string | null;
            /** @description null: all sites. */
            sites?: string[] | null;
            /** @description Events at least so severe. */
            threshold: components["schemas"]["Severity"];
        };
        /** @description An integration to be made. */
        NewIntegration: {
            kind: components["schemas"]["IntegrationKind"];
            name: string;
        };
        /** @description A new person. */
        NewPerson: {
            display?: string;
            name: string;
            role: components["schemas"]["Role"];
            /** @description null: all. */
            sites?: string[] | null;
        };
        /** @description Single sign-on to be set. */
        NewSingleSignOn: {
            client_id: string;
            enabled: boolean;
            /** @description Its https address, as in its discovery document. */
            issuer: string;
            label: string;
            /** @description The first that fits counts; who fits none may not come in. */
            rules?: components["schemas"]["RoleRule"][];
            /** @description Absent: the one before stays. Empty: none (a public client). */
            secret?: string | null;
        };
        /** @description A token to be made. */
        NewToken: {
            /**
             * Format: date-time
             * @description At most 366 days ahead; 90 days without.
             */
            expires?: string | null;
            name: string;
            role: components["schemas"]["Role"];
            /** @description Empty: all permissions of the role. */
            scopes?: components["schemas"]["Permission"][];
            /** @description null: all that you see. */
            sites?: string[] | null;
        };
        /** @description What to save. */
        NewView: {
            columns?: string[];
            name: string;
            q?: string;
            shared?: boolean;
            sort?: string;
        };
        /** @description A node of the map: a device or a group of devices. */
        Node: {
            category?: string;
            /** Format: int64 */
            devices: number;
            /** @description Group of the category of a device; else by what it is grouped. */
            group?: string | null;
            id: string;
            label: string;
            medical: boolean;
            /**
             * Format: int64
             * @description So many of its devices are missing.
             */
            missing: number;
            name: string;
            scope?: string;
            status?: components["schemas"]["Status"];
        };
        /** @description Single sign-on, where it is set up. */
        Offer: {
            label: string;
            url: string;
        };
        /** @description An invitation that nobody has used yet. */
        OpenInvitation: {
            /** Format: date-time */
            expires: string;
            /** @description Names it; it lets nobody in. */
            id: string;
            /** @description Of the sensor that it lets in. */
            name: string;
            site: string;
        };
        /** @description The overview. */
        Overview: {
            attention: components["schemas"]["Attention"][];
            categories: components["schemas"]["Count"][];
            devices: components["schemas"]["Devices"];
            findings: components["schemas"]["Found"];
            /** @description What is at stake with what is missing. */
            missing: components["schemas"]["Stakes"];
            /** Format: date-time */
            now: string;
            recent: components["schemas"]["Event"][];
            sensors: components["schemas"]["Sensors"];
            traffic: components["schemas"]["Traffic"];
            trend: components["schemas"]["Trend"];
        };
        /**
         * @description Which part a device played.
         * @enum {string}
         */
        Part: "did" | "served";
        /** @description Old and new password. */
        PasswordChange: {
            new: string;
            old: string;
        };
        /** @description A device with those it talks with. */
        Peers: {
            links: components["schemas"]["Link"][];
            nodes: components["schemas"]["Node"][];
        };
        /**
         * @description Something that a person or token may be allowed to do.
         * @enum {string}
         */
        Permission: "device.read" | "device.annotate" | "device.identity" | "place.write" | "event.read" | "usage.read" | "sensor.read" | "sensor.manage" | "people.manage" | "token.manage" | "setting.read" | "setting.write" | "channel.manage" | "integration.manage" | "audit.read" | "export";
        /** @description What is to be another way; what is absent stays. */
        PersonChange: {
            disabled?: boolean | null;
            display?: string | null;
            /** @description Gives a new password for one use, and takes one-time codes away. */
            reset?: boolean;
            role?: components["schemas"]["Role"] | null;
            /** @description null: all sites. */
            sites?: string[] | null;
        };
        /** @description A person after a change. */
        PersonChanged: {
            /** @description After a reset: shown once. */
            password?: string;
            person: components["schemas"]["PersonShown"];
        };
        /** @description A person as others may see them. */
        PersonShown: {
            disabled: boolean;
            display: string;
            /** Format: date-time */
            last_login?: string | null;
            must_change_password: boolean;
            name: string;
            role: components["schemas"]["Role"];
            /** @description null: all sites. */
            sites?: string[] | null;
            source: components["schemas"]["Source"];
            /** @description Signs in with one-time codes too. */
            totp: boolean;
        };
        /** @description A place with what is there. */
        Place: components["schemas"]["Layout"] & {
            /**
             * Format: int64
             * @description Devices that are here.
             */
            devices: number;
            id: string;
            /**
             * Format: int64
             * @description Of those, missing.
             */
            missing: number;
        };
        /**
         * @description What a place is.
         * @enum {string}
         */
        PlaceKind: "site" | "building" | "floor" | "room" | "storage";
        /** @description A plan of a floor. */
        Plan: {
            /** Format: double */
            height: number;
            /** @description A picture as data address: PNG, JPEG or WebP. */
            image?: string | null;
            /**
             * Format: double
             * @description In its own units, above 0.
             */
            width: number;
        };
        /** @description How a channel is doing. */
        Progress: {
            /**
             * Format: date-time
             * @description When it is tried again after a failure.
             */
            again?: string | null;
            last_error?: string | null;
            /** Format: date-time */
            last_sent?: string | null;
            /**
             * Format: int64
             * @description Events that wait, at most a hundred.
             */
            waiting: number;
        };
        /** @description What the provider answered. */
        Provided: {
            /** @description Where people will sign in. */
            authorization_endpoint: string;
        };
        /** @description Positions. */
        Report: {
            items: components["schemas"]["Told"][];
        };
        /** @description How long is kept what, in days. Zero keeps for good. */
        Retention: {
            /** Format: int32 */
            attributes: number;
            /** Format: int32 */
            days: number;
            /** Format: int32 */
            devices: number;
            /** Format: int32 */
            events: number;
            /** Format: int32 */
            external_devices: number;
            /** Format: int32 */
            grave_events: number;
            /** Format: int32 */
            hours: number;
            /** Format: int32 */
            stays: number;
        };
        /**
         * @description What a person is to the monitor.
         * @enum {string}
         */
        Role: "viewer" | "clinical-engineer" | "security-analyst" | "network-engineer" | "auditor" | "administrator";
        /** @description Who of the provider's people gets which role. */
        RoleRule: {
            /** @description Name of a claim, such as "groups". */
            claim: string;
            role: components["schemas"]["Role"];
            /** @description null: all sites. */
            sites?: string[] | null;
            /** @description Value that it must have or contain. */
            value: string;
        };
        /** @description Rows with the columns' names, and which of these mean what. */
        Rows: {
            /** @description Field of Medward (tag, name, vendor, model, serial, category, firmware, os, mac, ip, location, owner, value, currency) to column. */
            columns?: {
                [key: string]: string;
            } | null;
            rows: {
                [key: string]: string;
            }[];
        };
        /** @description A rule that tells the place of devices. */
        Rule: {
            /** @description vlan, subnet, switch-port, access-point, hl7-location, name or rtls. */
            how: string;
            pattern: string;
        };
        Sensors: {
            /** Format: int64 */
            dropping: number;
            /** Format: int64 */
            healthy: number;
            /** Format: int64 */
            silent: number;
            /** Format: int64 */
            total: number;
        };
        /** @description What a sensor last said of itself. */
        SensorState: {
            /** Format: double */
            bits_per_second: number;
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            dropped: number;
            /** Format: int64 */
            epoch: number;
            evictions: {
                [key: string]: number;
            };
            interfaces: string[];
            /** Format: date-time */
            last_packet: string;
            /** Format: date-time */
            last_report: string;
            /** Format: int64 */
            lost_reports: number;
            /** Format: int64 */
            memory: number;
            name: string;
            /** Format: int64 */
            packets: number;
            /** Format: double */
            packets_per_second: number;
            /** Format: int64 */
            sequence: number;
            site: string;
            /** Format: int64 */
            spooled: number;
            /** Format: int64 */
            spooled_bytes: number;
            /** Format: date-time */
            started: string;
            version: string;
            weirds: {
                [key: string]: number;
            };
        };
        /**
         * @description How bad it is, worst first.
         * @enum {string}
         */
        Severity: "critical" | "high" | "medium" | "low" | "info";
        /** @description Single sign-on; the secret is never shown. */
        SingleSignOn: {
            client_id: string;
            enabled: boolean;
            has_secret: boolean;
            issuer: string;
            label: string;
            /** @description To be registered at the provider. */
            redirect_url: string;
            rules: components["schemas"]["RoleRule"][];
        };
        /** @description A table's size. */
        SizeOf: {
            /** Format: int64 */
            bytes?: number | null;
            /** Format: int64 */
            rows: number;
            table: string;
        };
        /** @description How large everything is. */
        Sizes: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            conversations: number;
            /** Format: int64 */
            devices: number;
            /** Format: int64 */
            events: number;
            tables: components["schemas"]["SizeOf"][];
        };
        /**
         * @description Where an account comes from.
         * @enum {string}
         */
        Source: "local" | "oidc";
        /** @description An address that belongs to another device. */
        Split: {
            /** @description As in the device: "mac 00:1b:21:aa:bb:cc" or "ip 10.1.2.3"; an address alone will do. */
            node: string;
            reason?: string;
        };
        /** @description A protocol, or another source of what is known. */
        Spoken: {
            /** @description As it is usually written, in short: "DHCP". */
            label: string;
            /** @description As in conversations, services and evidence: "modbus". */
            name: string;
            /** @description In full: "DHCP and BOOTP". */
            title: string;
        };
        /** @description What is at stake with several devices. */
        Stakes: {
            /** Format: int64 */
            devices: number;
            /**
             * Format: int64
             * @description Life depends on so many of them.
             */
            life_supporting: number;
            /**
             * Format: int64
             * @description Of so many nobody said the value.
             */
            without_value: number;
            /** @description By currency, the largest first. */
            worth: components["schemas"]["Sum"][];
        };
        /** @description The state of the session. */
        State: {
            /** @description To be sent as X-Medward-CSRF with every change. */
            csrf?: string;
            must_change_password: boolean;
            oidc?: components["schemas"]["Offer"];
            permissions: components["schemas"]["Permission"][];
            person?: components["schemas"]["Me"];
            /** @description Nobody has signed in yet: the password printed at the first start is waiting. */
            setup_needed: boolean;
            signed_in: boolean;
        };
        /**
         * @description How a device stands at this moment.
         * @enum {string}
         */
        Status: "active" | "silent" | "missing" | "unheard";
        /** @description A device was somewhere from then on. */
        Stay: {
            device: string;
            whereabouts: components["schemas"]["Whereabouts"];
        };
        /** @description A way to go on with the last word. */
        Suggestion: {
            /** @description Takes the place of the last word. */
            insert: string;
            kind: components["schemas"]["SuggestionKind"];
            label: string;
        };
        /**
         * @description What a suggestion is.
         * @enum {string}
         */
        SuggestionKind: "field" | "value" | "help";
        Suggestions: {
            suggestions: components["schemas"]["Suggestion"][];
        };
        /** @description An amount in one currency. */
        Sum: {
            /** Format: int64 */
            amount: number;
            /** @description Sign or code; empty where nobody said which. */
            currency: string;
            /**
             * Format: int64
             * @description So many devices' values are in it.
             */
            devices: number;
        };
        /** @description A line of RFC 5424 for each event. */
        SyslogTarget: {
            carrier?: components["schemas"]["Carrier"];
            host: string;
            /** Format: int32 */
            port: number;
        };
        /** @description A decision and whether it holds. */
        TakenDecision: {
            record: components["schemas"]["DecisionRecord"];
            undone?: components["schemas"]["Undone"] | null;
        };
        /** @description What became of them. */
        TakenPositions: {
            /** Format: int64 */
            taken: number;
            /**
             * Format: int64
             * @description Nothing is known by that name, or several are.
             */
            unknown: number;
        };
        /** @description Where a channel leads. */
        Target: {
            config: components["schemas"]["WebhookTarget"];
            /** @enum {string} */
            kind: "webhook";
        } | {
            config: components["schemas"]["EmailTarget"];
            /** @enum {string} */
            kind: "email";
        } | {
            config: components["schemas"]["SyslogTarget"];
            /** @enum {string} */
            kind: "syslog";
        };
        /** @description A token without its secret. */
        TokenShown: {
            /** Format: date-time */
            expires: string;
            id: string;
            /** Format: date-time */
            last_used?: string | null;
            name: string;
            owner: string;
            role: components["schemas"]["Role"];
            /** @description Empty: all permissions of the role. */
            scopes: components["schemas"]["Permission"][];
            sites?: string[] | null;
        };
        /** @description Where something is; one of mac, tag and serial names it. */
        Told: {
            /**
             * Format: date-time
             * @description Now without.
             */
            at?: string | null;
            how: components["schemas"]["How"];
            mac?: string | null;
            position: string;
            serial?: string | null;
            /** @description A tag of the device in Medward, such as the number of its RTLS tag. */
            tag?: string | null;
        };
        /** @description A new secret for an authenticator app. */
        TotpSecret: {
            secret: string;
            uri: string;
        };
        Traffic: {
            /** Format: int64 */
            bytes_24h: number;
            /**
             * Format: int64
             * @description null for who sees some sites only: it is counted over all.
             */
            conversations?: number | null;
        };
        /**
         * @description What to do.
         * @enum {string}
         */
        Treatment: "remove" | "patch" | "isolate" | "virtual-patch" | "segment" | "replace" | "review";
        Trend: {
            /** @description Devices known at the end of each of the last 14 days. */
            devices: components["schemas"]["At"][];
            /** @description Traffic by the hour in the last 7 days. */
            volume: components["schemas"]["VolumePoint"][];
        };
        /** @description How a test went. */
        Tried: {
            /** @description What went wrong. */
            error?: string;
            ok: boolean;
        };
        /** @description Who took a decision back. */
        Undone: {
            /** Format: date-time */
            at: string;
            by: string;
        };
        /** @description What of the list is nowhere on the wire. */
        Unseen: {
            /** @description The first hundred. */
            items: components["schemas"]["Listed"][];
            /** Format: int64 */
            total: number;
        };
        /** @description Use of a device in the last four weeks, from clinical activity. */
        Use: {
            /** Format: date-time */
            last_used?: string | null;
            now_in_use: boolean;
            per_day: components["schemas"]["Day"][];
            /** @description Empty where too little is known to say. */
            safe_windows: components["schemas"]["Window"][];
            /** @description Hours with use by hour of the week, UTC, from Monday 00:00: 168 numbers. */
            week: number[];
        };
        /** @description Activity in a bucket of time. */
        UseBucket: {
            /** Format: date-time */
            at: string;
            clinical: boolean;
            /** Format: int64 */
            count: number;
            operation: string;
            part: components["schemas"]["Part"];
            protocol: string;
            verb: string;
        };
        /** @description How much a group of devices was used. */
        UseRow: {
            /** Format: int64 */
            actions: number;
            /** Format: int64 */
            days: number;
            /** Format: int64 */
            devices: number;
            /** Format: int64 */
            hours: number;
            key: string;
            label: string;
            /** Format: date-time */
            last_used?: string | null;
            /** Format: int64 */
            used: number;
            /** @description Device-hours by hour of the week, UTC, from Monday 00:00: 168 numbers. */
            week: number[];
        };
        /** @description Whether the chain is whole. */
        Verified: {
            /**
             * Format: int64
             * @description Number of the first record that does not follow from the one before it.
             */
            broken_at?: number;
            ok: boolean;
            /**
             * Format: int64
             * @description Records that were read.
             */
            records: number;
        };
        /** @description A saved view. */
        View: {
            columns: string[];
            id: string;
            name: string;
            owner: string;
            q: string;
            /** @description Others see it too. */
            shared: boolean;
            sort: string;
        };
        Volume: {
            points: components["schemas"]["VolumePoint"][];
        };
        /** @description Traffic in a bucket of time. */
        VolumePoint: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            flows: number;
            /** Format: int64 */
            packets: number;
        };
        /** @description POST of JSON with the header `X-Medward-Signature: sha256=<HMAC of time and body>`. */
        WebhookTarget: {
            url: string;
        };
        /** @description A password for one use. */
        Welcome: {
            /** @description PersonShown once; must be changed at the first sign-in. */
            password: string;
            person: components["schemas"]["PersonShown"];
        };
        /** @description Where a device is, and how that is known. */
        Whereabouts: {
            /** @description Who tells: "switch-port", "access-point", "rtls", "vlan", "subnet", "hl7-location", … */
            how: string;
            /** Format: date-time */
            last: string;
            /** @description Identifier of a place of the tree, where the position is mapped to one. */
            place?: string | null;
            /** @description The position in the teller's own words. */
            position: string;
            /** Format: date-time */
            since: string;
        };
        /** @description A device with all that is known of it. */
        Whole: {
            annotation: components["schemas"]["Annotation"];
            /** @description As in schema medward.assessment/1, with its evidence. */
            device: Record<string, never>;
            /** @description Identifiers that it had before. */
            merged_from: string[];
            summary: components["schemas"]["DeviceSummary"];
        };
        /** @description Why something is believed. */
        Why: {
            attribute: string;
            /**
             * Format: double
             * @description 0 to 1.
             */
            confidence?: number | null;
            evidence: Record<string, never>[];
            history: components["schemas"]["AttributeChange"][];
            /** @description Values that lost, with their evidence. */
            rejected: Record<string, never>[];
            value?: string | null;
            /** @description The same in plain words. */
            words: string;
        };
        /** @description Hours in which the device was not used in the last four weeks, UTC. */
        Window: {
            /** Format: int32 */
            from_hour: number;
            /** Format: int32 */
            until_hour: number;
            /**
             * Format: int32
             * @description 0: Monday.
             */
            weekday: number;
        };
        /** @description A time of work on the device. */
        Work: {
            /** Format: date-time */
            from: string;
            reason?: string;
            /** Format: date-time */
            until: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
