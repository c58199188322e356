import * as $protobuf from "protobufjs/minimal.js";

/** Namespace capstan. */
export namespace capstan {

    /** Namespace control. */
    namespace control {

        /**
         * Properties of a Request.
         * @deprecated Use capstan.control.Request.$Properties instead.
         */
        interface IRequest extends capstan.control.Request.$Properties {
        }

        /** Represents a Request. */
        class Request {

            /**
             * Constructs a new Request.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Request.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Request deadlineMs. */
            deadlineMs: number;

            /** Request ping. */
            ping?: (capstan.control.Ping.$Properties|null);

            /** Request status. */
            status?: (capstan.control.Status.$Properties|null);

            /** Request facet. */
            facet?: (capstan.control.Facet.$Properties|null);

            /** Request subscribe. */
            subscribe?: (capstan.control.Subscribe.$Properties|null);

            /** Request find. */
            find?: (capstan.control.Find.$Properties|null);

            /** Request list. */
            list?: (capstan.control.List.$Properties|null);

            /** Request shutdown. */
            shutdown?: (capstan.control.Shutdown.$Properties|null);

            /** Request start. */
            start?: (capstan.control.Start.$Properties|null);

            /** Request stop. */
            stop?: (capstan.control.Stop.$Properties|null);

            /** Request restart. */
            restart?: (capstan.control.Restart.$Properties|null);

            /** Request wake. */
            wake?: (capstan.control.Wake.$Properties|null);

            /** Request release. */
            release?: (capstan.control.Release.$Properties|null);

            /** Request unpin. */
            unpin?: (capstan.control.Unpin.$Properties|null);

            /** Request log. */
            log?: (capstan.control.Log.$Properties|null);

            /** Request dependencies. */
            dependencies?: (capstan.control.Dependencies.$Properties|null);

            /** Request signal. */
            signal?: (capstan.control.Signal.$Properties|null);

            /** Request unload. */
            unload?: (capstan.control.Unload.$Properties|null);

            /** Request peers. */
            peers?: (capstan.control.Peers.$Properties|null);

            /** Request handles. */
            handles?: (capstan.control.Handles.$Properties|null);

            /** Request accounts. */
            accounts?: (capstan.control.Accounts.$Properties|null);

            /** Request measure. */
            measure?: (capstan.control.Measure.$Properties|null);

            /** Request monitor. */
            monitor?: (capstan.control.Monitor.$Properties|null);

            /** Request method. */
            method?: ("ping"|"status"|"facet"|"subscribe"|"find"|"list"|"shutdown"|"start"|"stop"|"restart"|"wake"|"release"|"unpin"|"log"|"dependencies"|"signal"|"unload"|"peers"|"handles"|"accounts"|"measure"|"monitor");

            /**
             * Encodes the specified Request message. Does not implicitly {@link capstan.control.Request.verify|verify} messages.
             * @param message Request message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Request.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Request message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Request & capstan.control.Request.$Shape} Request
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Request & capstan.control.Request.$Shape;
        }

        namespace Request {

            /** Properties of a Request. */
            interface $Properties {

                /** Request deadlineMs */
                deadlineMs?: (number|null);

                /** Request ping */
                ping?: (capstan.control.Ping.$Properties|null);

                /** Request status */
                status?: (capstan.control.Status.$Properties|null);

                /** Request facet */
                facet?: (capstan.control.Facet.$Properties|null);

                /** Request subscribe */
                subscribe?: (capstan.control.Subscribe.$Properties|null);

                /** Request find */
                find?: (capstan.control.Find.$Properties|null);

                /** Request list */
                list?: (capstan.control.List.$Properties|null);

                /** Request shutdown */
                shutdown?: (capstan.control.Shutdown.$Properties|null);

                /** Request start */
                start?: (capstan.control.Start.$Properties|null);

                /** Request stop */
                stop?: (capstan.control.Stop.$Properties|null);

                /** Request restart */
                restart?: (capstan.control.Restart.$Properties|null);

                /** Request wake */
                wake?: (capstan.control.Wake.$Properties|null);

                /** Request release */
                release?: (capstan.control.Release.$Properties|null);

                /** Request unpin */
                unpin?: (capstan.control.Unpin.$Properties|null);

                /** Request log */
                log?: (capstan.control.Log.$Properties|null);

                /** Request dependencies */
                dependencies?: (capstan.control.Dependencies.$Properties|null);

                /** Request signal */
                signal?: (capstan.control.Signal.$Properties|null);

                /** Request unload */
                unload?: (capstan.control.Unload.$Properties|null);

                /** Request peers */
                peers?: (capstan.control.Peers.$Properties|null);

                /** Request handles */
                handles?: (capstan.control.Handles.$Properties|null);

                /** Request accounts */
                accounts?: (capstan.control.Accounts.$Properties|null);

                /** Request measure */
                measure?: (capstan.control.Measure.$Properties|null);

                /** Request monitor */
                monitor?: (capstan.control.Monitor.$Properties|null);

                /** Request method */
                method?: ("ping"|"status"|"facet"|"subscribe"|"find"|"list"|"shutdown"|"start"|"stop"|"restart"|"wake"|"release"|"unpin"|"log"|"dependencies"|"signal"|"unload"|"peers"|"handles"|"accounts"|"measure"|"monitor");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Request. */
            type $Shape = {
              deadlineMs?: number|null;
              ping?: capstan.control.Ping.$Shape|null;
              status?: capstan.control.Status.$Shape|null;
              facet?: capstan.control.Facet.$Shape|null;
              subscribe?: capstan.control.Subscribe.$Shape|null;
              find?: capstan.control.Find.$Shape|null;
              list?: capstan.control.List.$Shape|null;
              shutdown?: capstan.control.Shutdown.$Shape|null;
              start?: capstan.control.Start.$Shape|null;
              stop?: capstan.control.Stop.$Shape|null;
              restart?: capstan.control.Restart.$Shape|null;
              wake?: capstan.control.Wake.$Shape|null;
              release?: capstan.control.Release.$Shape|null;
              unpin?: capstan.control.Unpin.$Shape|null;
              log?: capstan.control.Log.$Shape|null;
              dependencies?: capstan.control.Dependencies.$Shape|null;
              signal?: capstan.control.Signal.$Shape|null;
              unload?: capstan.control.Unload.$Shape|null;
              peers?: capstan.control.Peers.$Shape|null;
              handles?: capstan.control.Handles.$Shape|null;
              accounts?: capstan.control.Accounts.$Shape|null;
              measure?: capstan.control.Measure.$Shape|null;
              monitor?: capstan.control.Monitor.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ method?: undefined; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "ping"; ping: capstan.control.Ping.$Shape; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "status"; ping?: null; status: capstan.control.Status.$Shape; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "facet"; ping?: null; status?: null; facet: capstan.control.Facet.$Shape; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "subscribe"; ping?: null; status?: null; facet?: null; subscribe: capstan.control.Subscribe.$Shape; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "find"; ping?: null; status?: null; facet?: null; subscribe?: null; find: capstan.control.Find.$Shape; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "list"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list: capstan.control.List.$Shape; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "shutdown"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown: capstan.control.Shutdown.$Shape; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "start"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start: capstan.control.Start.$Shape; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "stop"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop: capstan.control.Stop.$Shape; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "restart"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart: capstan.control.Restart.$Shape; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "wake"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake: capstan.control.Wake.$Shape; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "release"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release: capstan.control.Release.$Shape; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "unpin"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin: capstan.control.Unpin.$Shape; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "log"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log: capstan.control.Log.$Shape; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "dependencies"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies: capstan.control.Dependencies.$Shape; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "signal"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal: capstan.control.Signal.$Shape; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "unload"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload: capstan.control.Unload.$Shape; peers?: null; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "peers"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers: capstan.control.Peers.$Shape; handles?: null; accounts?: null; measure?: null; monitor?: null }|{ method?: "handles"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles: capstan.control.Handles.$Shape; accounts?: null; measure?: null; monitor?: null }|{ method?: "accounts"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts: capstan.control.Accounts.$Shape; measure?: null; monitor?: null }|{ method?: "measure"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure: capstan.control.Measure.$Shape; monitor?: null }|{ method?: "monitor"; ping?: null; status?: null; facet?: null; subscribe?: null; find?: null; list?: null; shutdown?: null; start?: null; stop?: null; restart?: null; wake?: null; release?: null; unpin?: null; log?: null; dependencies?: null; signal?: null; unload?: null; peers?: null; handles?: null; accounts?: null; measure?: null; monitor: capstan.control.Monitor.$Shape })
            );
        }

        /**
         * Properties of a Response.
         * @deprecated Use capstan.control.Response.$Properties instead.
         */
        interface IResponse extends capstan.control.Response.$Properties {
        }

        /** Represents a Response. */
        class Response {

            /**
             * Constructs a new Response.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Response.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Response done. */
            done?: (capstan.control.Done.$Properties|null);

            /** Response status. */
            status?: (capstan.control.ServiceStatus.$Properties|null);

            /** Response error. */
            error?: (capstan.control.Error.$Properties|null);

            /** Response info. */
            info?: (capstan.control.ManagerInfo.$Properties|null);

            /** Response list. */
            list?: (capstan.control.ServiceList.$Properties|null);

            /** Response dependencies. */
            dependencies?: (capstan.control.DependencyList.$Properties|null);

            /** Response log. */
            log?: (capstan.control.LogText.$Properties|null);

            /** Response found. */
            found?: (capstan.control.Found.$Properties|null);

            /** Response outcome. */
            outcome?: (capstan.control.Outcome.$Properties|null);

            /** Response peers. */
            peers?: (capstan.control.PeerList.$Properties|null);

            /** Response handles. */
            handles?: (capstan.control.HandleList.$Properties|null);

            /** Response accounts. */
            accounts?: (capstan.control.AccountList.$Properties|null);

            /** Response measures. */
            measures?: (capstan.control.Measures.$Properties|null);

            /** Response result. */
            result?: ("done"|"status"|"error"|"info"|"list"|"dependencies"|"log"|"found"|"outcome"|"peers"|"handles"|"accounts"|"measures");

            /**
             * Encodes the specified Response message. Does not implicitly {@link capstan.control.Response.verify|verify} messages.
             * @param message Response message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Response.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Response message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Response & capstan.control.Response.$Shape} Response
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Response & capstan.control.Response.$Shape;
        }

        namespace Response {

            /** Properties of a Response. */
            interface $Properties {

                /** Response done */
                done?: (capstan.control.Done.$Properties|null);

                /** Response status */
                status?: (capstan.control.ServiceStatus.$Properties|null);

                /** Response error */
                error?: (capstan.control.Error.$Properties|null);

                /** Response info */
                info?: (capstan.control.ManagerInfo.$Properties|null);

                /** Response list */
                list?: (capstan.control.ServiceList.$Properties|null);

                /** Response dependencies */
                dependencies?: (capstan.control.DependencyList.$Properties|null);

                /** Response log */
                log?: (capstan.control.LogText.$Properties|null);

                /** Response found */
                found?: (capstan.control.Found.$Properties|null);

                /** Response outcome */
                outcome?: (capstan.control.Outcome.$Properties|null);

                /** Response peers */
                peers?: (capstan.control.PeerList.$Properties|null);

                /** Response handles */
                handles?: (capstan.control.HandleList.$Properties|null);

                /** Response accounts */
                accounts?: (capstan.control.AccountList.$Properties|null);

                /** Response measures */
                measures?: (capstan.control.Measures.$Properties|null);

                /** Response result */
                result?: ("done"|"status"|"error"|"info"|"list"|"dependencies"|"log"|"found"|"outcome"|"peers"|"handles"|"accounts"|"measures");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Response. */
            type $Shape = {
              done?: capstan.control.Done.$Shape|null;
              status?: capstan.control.ServiceStatus.$Shape|null;
              error?: capstan.control.Error.$Shape|null;
              info?: capstan.control.ManagerInfo.$Shape|null;
              list?: capstan.control.ServiceList.$Shape|null;
              dependencies?: capstan.control.DependencyList.$Shape|null;
              log?: capstan.control.LogText.$Shape|null;
              found?: capstan.control.Found.$Shape|null;
              outcome?: capstan.control.Outcome.$Shape|null;
              peers?: capstan.control.PeerList.$Shape|null;
              handles?: capstan.control.HandleList.$Shape|null;
              accounts?: capstan.control.AccountList.$Shape|null;
              measures?: capstan.control.Measures.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ result?: undefined; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "done"; done: capstan.control.Done.$Shape; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "status"; done?: null; status: capstan.control.ServiceStatus.$Shape; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "error"; done?: null; status?: null; error: capstan.control.Error.$Shape; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "info"; done?: null; status?: null; error?: null; info: capstan.control.ManagerInfo.$Shape; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "list"; done?: null; status?: null; error?: null; info?: null; list: capstan.control.ServiceList.$Shape; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "dependencies"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies: capstan.control.DependencyList.$Shape; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "log"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log: capstan.control.LogText.$Shape; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "found"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found: capstan.control.Found.$Shape; outcome?: null; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "outcome"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome: capstan.control.Outcome.$Shape; peers?: null; handles?: null; accounts?: null; measures?: null }|{ result?: "peers"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers: capstan.control.PeerList.$Shape; handles?: null; accounts?: null; measures?: null }|{ result?: "handles"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles: capstan.control.HandleList.$Shape; accounts?: null; measures?: null }|{ result?: "accounts"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts: capstan.control.AccountList.$Shape; measures?: null }|{ result?: "measures"; done?: null; status?: null; error?: null; info?: null; list?: null; dependencies?: null; log?: null; found?: null; outcome?: null; peers?: null; handles?: null; accounts?: null; measures: capstan.control.Measures.$Shape })
            );
        }

        /**
         * Properties of a Done.
         * @deprecated Use capstan.control.Done.$Properties instead.
         */
        interface IDone extends capstan.control.Done.$Properties {
        }

        /** Represents a Done. */
        class Done {

            /**
             * Constructs a new Done.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Done.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Done message. Does not implicitly {@link capstan.control.Done.verify|verify} messages.
             * @param message Done message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Done.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Done message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Done & capstan.control.Done.$Shape} Done
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Done & capstan.control.Done.$Shape;
        }

        namespace Done {

            /** Properties of a Done. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Done. */
            type $Shape = capstan.control.Done.$Properties;
        }

        /**
         * Properties of an Error.
         * @deprecated Use capstan.control.Error.$Properties instead.
         */
        interface IError extends capstan.control.Error.$Properties {
        }

        /** Represents an Error. */
        class Error {

            /**
             * Constructs a new Error.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Error.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Error code. */
            code: number;

            /** Error message. */
            message: string;

            /** Error where. */
            where: string;

            /** Error names. */
            names: string[];

            /**
             * Encodes the specified Error message. Does not implicitly {@link capstan.control.Error.verify|verify} messages.
             * @param message Error message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Error.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Error message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Error & capstan.control.Error.$Shape} Error
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Error & capstan.control.Error.$Shape;
        }

        namespace Error {

            /** Properties of an Error. */
            interface $Properties {

                /** Error code */
                code?: (number|null);

                /** Error message */
                message?: (string|null);

                /** Error where */
                where?: (string|null);

                /** Error names */
                names?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Error. */
            type $Shape = capstan.control.Error.$Properties;
        }

        /**
         * Properties of a Ping.
         * @deprecated Use capstan.control.Ping.$Properties instead.
         */
        interface IPing extends capstan.control.Ping.$Properties {
        }

        /** Represents a Ping. */
        class Ping {

            /**
             * Constructs a new Ping.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Ping.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Ping message. Does not implicitly {@link capstan.control.Ping.verify|verify} messages.
             * @param message Ping message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Ping.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Ping message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Ping & capstan.control.Ping.$Shape} Ping
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Ping & capstan.control.Ping.$Shape;
        }

        namespace Ping {

            /** Properties of a Ping. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Ping. */
            type $Shape = capstan.control.Ping.$Properties;
        }

        /**
         * Properties of a Status.
         * @deprecated Use capstan.control.Status.$Properties instead.
         */
        interface IStatus extends capstan.control.Status.$Properties {
        }

        /** Represents a Status. */
        class Status {

            /**
             * Constructs a new Status.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Status.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Status message. Does not implicitly {@link capstan.control.Status.verify|verify} messages.
             * @param message Status message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Status.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Status message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Status & capstan.control.Status.$Shape} Status
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Status & capstan.control.Status.$Shape;
        }

        namespace Status {

            /** Properties of a Status. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Status. */
            type $Shape = capstan.control.Status.$Properties;
        }

        /** Rights enum. */
        enum Rights {

            /** RIGHTS_OBSERVE value */
            RIGHTS_OBSERVE = 0,

            /** RIGHTS_CONTROL value */
            RIGHTS_CONTROL = 1,

            /** RIGHTS_MANAGE value */
            RIGHTS_MANAGE = 2
        }

        /**
         * Properties of a Facet.
         * @deprecated Use capstan.control.Facet.$Properties instead.
         */
        interface IFacet extends capstan.control.Facet.$Properties {
        }

        /** Represents a Facet. */
        class Facet {

            /**
             * Constructs a new Facet.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Facet.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Facet rights. */
            rights: capstan.control.Rights;

            /**
             * Encodes the specified Facet message. Does not implicitly {@link capstan.control.Facet.verify|verify} messages.
             * @param message Facet message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Facet.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Facet message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Facet & capstan.control.Facet.$Shape} Facet
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Facet & capstan.control.Facet.$Shape;
        }

        namespace Facet {

            /** Properties of a Facet. */
            interface $Properties {

                /** Facet rights */
                rights?: (capstan.control.Rights|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Facet. */
            type $Shape = capstan.control.Facet.$Properties;
        }

        /**
         * Properties of a Subscribe.
         * @deprecated Use capstan.control.Subscribe.$Properties instead.
         */
        interface ISubscribe extends capstan.control.Subscribe.$Properties {
        }

        /** Represents a Subscribe. */
        class Subscribe {

            /**
             * Constructs a new Subscribe.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Subscribe.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Subscribe states. */
            states: boolean;

            /** Subscribe logs. */
            logs: boolean;

            /** Subscribe current. */
            current: boolean;

            /**
             * Encodes the specified Subscribe message. Does not implicitly {@link capstan.control.Subscribe.verify|verify} messages.
             * @param message Subscribe message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Subscribe.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Subscribe message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Subscribe & capstan.control.Subscribe.$Shape} Subscribe
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Subscribe & capstan.control.Subscribe.$Shape;
        }

        namespace Subscribe {

            /** Properties of a Subscribe. */
            interface $Properties {

                /** Subscribe states */
                states?: (boolean|null);

                /** Subscribe logs */
                logs?: (boolean|null);

                /** Subscribe current */
                current?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Subscribe. */
            type $Shape = capstan.control.Subscribe.$Properties;
        }

        /**
         * Properties of a Find.
         * @deprecated Use capstan.control.Find.$Properties instead.
         */
        interface IFind extends capstan.control.Find.$Properties {
        }

        /** Represents a Find. */
        class Find {

            /**
             * Constructs a new Find.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Find.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Find name. */
            name: string;

            /** Find load. */
            load: boolean;

            /**
             * Encodes the specified Find message. Does not implicitly {@link capstan.control.Find.verify|verify} messages.
             * @param message Find message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Find.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Find message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Find & capstan.control.Find.$Shape} Find
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Find & capstan.control.Find.$Shape;
        }

        namespace Find {

            /** Properties of a Find. */
            interface $Properties {

                /** Find name */
                name?: (string|null);

                /** Find load */
                load?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Find. */
            type $Shape = capstan.control.Find.$Properties;
        }

        /**
         * Properties of a Found.
         * @deprecated Use capstan.control.Found.$Properties instead.
         */
        interface IFound extends capstan.control.Found.$Properties {
        }

        /** Represents a Found. */
        class Found {

            /**
             * Constructs a new Found.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Found.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Found status. */
            status?: (capstan.control.ServiceStatus.$Properties|null);

            /**
             * Encodes the specified Found message. Does not implicitly {@link capstan.control.Found.verify|verify} messages.
             * @param message Found message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Found.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Found message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Found & capstan.control.Found.$Shape} Found
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Found & capstan.control.Found.$Shape;
        }

        namespace Found {

            /** Properties of a Found. */
            interface $Properties {

                /** Found status */
                status?: (capstan.control.ServiceStatus.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Found. */
            type $Shape = capstan.control.Found.$Properties;
        }

        /**
         * Properties of a List.
         * @deprecated Use capstan.control.List.$Properties instead.
         */
        interface IList extends capstan.control.List.$Properties {
        }

        /** Represents a List. */
        class List {

            /**
             * Constructs a new List.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.List.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** List after. */
            after: string;

            /** List count. */
            count: number;

            /**
             * Encodes the specified List message. Does not implicitly {@link capstan.control.List.verify|verify} messages.
             * @param message List message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.List.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a List message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.List & capstan.control.List.$Shape} List
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.List & capstan.control.List.$Shape;
        }

        namespace List {

            /** Properties of a List. */
            interface $Properties {

                /** List after */
                after?: (string|null);

                /** List count */
                count?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a List. */
            type $Shape = capstan.control.List.$Properties;
        }

        /**
         * Properties of a ServiceList.
         * @deprecated Use capstan.control.ServiceList.$Properties instead.
         */
        interface IServiceList extends capstan.control.ServiceList.$Properties {
        }

        /** Represents a ServiceList. */
        class ServiceList {

            /**
             * Constructs a new ServiceList.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.ServiceList.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ServiceList services. */
            services: capstan.control.ServiceStatus.$Properties[];

            /** ServiceList more. */
            more: boolean;

            /**
             * Encodes the specified ServiceList message. Does not implicitly {@link capstan.control.ServiceList.verify|verify} messages.
             * @param message ServiceList message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.ServiceList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ServiceList message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.ServiceList & capstan.control.ServiceList.$Shape} ServiceList
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.ServiceList & capstan.control.ServiceList.$Shape;
        }

        namespace ServiceList {

            /** Properties of a ServiceList. */
            interface $Properties {

                /** ServiceList services */
                services?: (capstan.control.ServiceStatus.$Properties[]|null);

                /** ServiceList more */
                more?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ServiceList. */
            type $Shape = capstan.control.ServiceList.$Properties;
        }

        /**
         * Properties of a Shutdown.
         * @deprecated Use capstan.control.Shutdown.$Properties instead.
         */
        interface IShutdown extends capstan.control.Shutdown.$Properties {
        }

        /** Represents a Shutdown. */
        class Shutdown {

            /**
             * Constructs a new Shutdown.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Shutdown.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Shutdown wait. */
            wait: boolean;

            /**
             * Encodes the specified Shutdown message. Does not implicitly {@link capstan.control.Shutdown.verify|verify} messages.
             * @param message Shutdown message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Shutdown.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Shutdown message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Shutdown & capstan.control.Shutdown.$Shape} Shutdown
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Shutdown & capstan.control.Shutdown.$Shape;
        }

        namespace Shutdown {

            /** Properties of a Shutdown. */
            interface $Properties {

                /** Shutdown wait */
                wait?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Shutdown. */
            type $Shape = capstan.control.Shutdown.$Properties;
        }

        /**
         * Properties of a ManagerInfo.
         * @deprecated Use capstan.control.ManagerInfo.$Properties instead.
         */
        interface IManagerInfo extends capstan.control.ManagerInfo.$Properties {
        }

        /** Represents a ManagerInfo. */
        class ManagerInfo {

            /**
             * Constructs a new ManagerInfo.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.ManagerInfo.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ManagerInfo version. */
            version: string;

            /** ManagerInfo protocol. */
            protocol: number;

            /** ManagerInfo pid. */
            pid: number;

            /** ManagerInfo uptimeMs. */
            uptimeMs: number;

            /** ManagerInfo startedWallMs. */
            startedWallMs: number;

            /** ManagerInfo transport. */
            transport: string;

            /** ManagerInfo mode. */
            mode: string;

            /** ManagerInfo serviceDirectories. */
            serviceDirectories: string[];

            /** ManagerInfo socket. */
            socket: string;

            /** ManagerInfo brokerRestarts. */
            brokerRestarts: number;

            /** ManagerInfo services. */
            services: number;

            /** ManagerInfo servicesActive. */
            servicesActive: number;

            /** ManagerInfo isShuttingDown. */
            isShuttingDown: boolean;

            /** ManagerInfo rights. */
            rights: capstan.control.Rights;

            /**
             * Encodes the specified ManagerInfo message. Does not implicitly {@link capstan.control.ManagerInfo.verify|verify} messages.
             * @param message ManagerInfo message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.ManagerInfo.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ManagerInfo message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.ManagerInfo & capstan.control.ManagerInfo.$Shape} ManagerInfo
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.ManagerInfo & capstan.control.ManagerInfo.$Shape;
        }

        namespace ManagerInfo {

            /** Properties of a ManagerInfo. */
            interface $Properties {

                /** ManagerInfo version */
                version?: (string|null);

                /** ManagerInfo protocol */
                protocol?: (number|null);

                /** ManagerInfo pid */
                pid?: (number|null);

                /** ManagerInfo uptimeMs */
                uptimeMs?: (number|null);

                /** ManagerInfo startedWallMs */
                startedWallMs?: (number|null);

                /** ManagerInfo transport */
                transport?: (string|null);

                /** ManagerInfo mode */
                mode?: (string|null);

                /** ManagerInfo serviceDirectories */
                serviceDirectories?: (string[]|null);

                /** ManagerInfo socket */
                socket?: (string|null);

                /** ManagerInfo brokerRestarts */
                brokerRestarts?: (number|null);

                /** ManagerInfo services */
                services?: (number|null);

                /** ManagerInfo servicesActive */
                servicesActive?: (number|null);

                /** ManagerInfo isShuttingDown */
                isShuttingDown?: (boolean|null);

                /** ManagerInfo rights */
                rights?: (capstan.control.Rights|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ManagerInfo. */
            type $Shape = capstan.control.ManagerInfo.$Properties;
        }

        /** State enum. */
        enum State {

            /** STATE_STOPPED value */
            STATE_STOPPED = 0,

            /** STATE_STARTING value */
            STATE_STARTING = 1,

            /** STATE_STARTED value */
            STATE_STARTED = 2,

            /** STATE_STOPPING value */
            STATE_STOPPING = 3
        }

        /** ServiceType enum. */
        enum ServiceType {

            /** TYPE_UNKNOWN value */
            TYPE_UNKNOWN = 0,

            /** TYPE_PROCESS value */
            TYPE_PROCESS = 1,

            /** TYPE_BGPROCESS value */
            TYPE_BGPROCESS = 2,

            /** TYPE_SCRIPTED value */
            TYPE_SCRIPTED = 3,

            /** TYPE_INTERNAL value */
            TYPE_INTERNAL = 4,

            /** TYPE_TRIGGERED value */
            TYPE_TRIGGERED = 5
        }

        /** StopReason enum. */
        enum StopReason {

            /** STOP_NORMAL value */
            STOP_NORMAL = 0,

            /** STOP_DEPENDENCY_RESTART value */
            STOP_DEPENDENCY_RESTART = 1,

            /** STOP_DEPENDENCY_FAILED value */
            STOP_DEPENDENCY_FAILED = 2,

            /** STOP_FAILED value */
            STOP_FAILED = 3,

            /** STOP_EXEC_FAILED value */
            STOP_EXEC_FAILED = 4,

            /** STOP_TIMED_OUT value */
            STOP_TIMED_OUT = 5,

            /** STOP_TERMINATED value */
            STOP_TERMINATED = 6,

            /** STOP_WATCHDOG value */
            STOP_WATCHDOG = 7
        }

        /** Activity enum. */
        enum Activity {

            /** ACTIVITY_NONE value */
            ACTIVITY_NONE = 0,

            /** ACTIVITY_RELOADING value */
            ACTIVITY_RELOADING = 1,

            /** ACTIVITY_STOPPING value */
            ACTIVITY_STOPPING = 2
        }

        /**
         * Properties of an Exit.
         * @deprecated Use capstan.control.Exit.$Properties instead.
         */
        interface IExit extends capstan.control.Exit.$Properties {
        }

        /** Represents an Exit. */
        class Exit {

            /**
             * Constructs a new Exit.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Exit.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Exit kind. */
            kind: capstan.control.Exit.Kind;

            /** Exit code. */
            code: number;

            /** Exit stage. */
            stage: string;

            /**
             * Encodes the specified Exit message. Does not implicitly {@link capstan.control.Exit.verify|verify} messages.
             * @param message Exit message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Exit.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Exit message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Exit & capstan.control.Exit.$Shape} Exit
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Exit & capstan.control.Exit.$Shape;
        }

        namespace Exit {

            /** Properties of an Exit. */
            interface $Properties {

                /** Exit kind */
                kind?: (capstan.control.Exit.Kind|null);

                /** Exit code */
                code?: (number|null);

                /** Exit stage */
                stage?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Exit. */
            type $Shape = capstan.control.Exit.$Properties;

            /** Kind enum. */
            enum Kind {

                /** EXITED value */
                EXITED = 0,

                /** SIGNALLED value */
                SIGNALLED = 1,

                /** NOT_EXECUTED value */
                NOT_EXECUTED = 2
            }
        }

        /**
         * Properties of a ServiceStatus.
         * @deprecated Use capstan.control.ServiceStatus.$Properties instead.
         */
        interface IServiceStatus extends capstan.control.ServiceStatus.$Properties {
        }

        /** Represents a ServiceStatus. */
        class ServiceStatus {

            /**
             * Constructs a new ServiceStatus.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.ServiceStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ServiceStatus name. */
            name: string;

            /** ServiceStatus state. */
            state: capstan.control.State;

            /** ServiceStatus desired. */
            desired: capstan.control.State;

            /** ServiceStatus pid. */
            pid: number;

            /** ServiceStatus stopReason. */
            stopReason: capstan.control.StopReason;

            /** ServiceStatus exit. */
            exit?: (capstan.control.Exit.$Properties|null);

            /** ServiceStatus sinceWallMs. */
            sinceWallMs: number;

            /** ServiceStatus type. */
            type: capstan.control.ServiceType;

            /** ServiceStatus isExplicit. */
            isExplicit: boolean;

            /** ServiceStatus isPinnedStarted. */
            isPinnedStarted: boolean;

            /** ServiceStatus isPinnedStopped. */
            isPinnedStopped: boolean;

            /** ServiceStatus waitsFor. */
            waitsFor: string[];

            /** ServiceStatus startSkipped. */
            startSkipped: boolean;

            /** ServiceStatus hasConsole. */
            hasConsole: boolean;

            /** ServiceStatus waitsForConsole. */
            waitsForConsole: boolean;

            /** ServiceStatus file. */
            file: string;

            /** ServiceStatus isFailed. */
            isFailed: boolean;

            /** ServiceStatus restarts. */
            restarts: number;

            /** ServiceStatus failure. */
            failure: string;

            /** ServiceStatus stopPid. */
            stopPid: number;

            /** ServiceStatus statusText. */
            statusText: string;

            /** ServiceStatus activity. */
            activity: capstan.control.Activity;

            /** ServiceStatus saidErrno. */
            saidErrno: number;

            /** ServiceStatus saidExit. */
            saidExit?: (number|null);

            /** ServiceStatus lastFailure. */
            lastFailure?: (capstan.control.Failure.$Properties|null);

            /**
             * Encodes the specified ServiceStatus message. Does not implicitly {@link capstan.control.ServiceStatus.verify|verify} messages.
             * @param message ServiceStatus message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.ServiceStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ServiceStatus message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.ServiceStatus & capstan.control.ServiceStatus.$Shape} ServiceStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.ServiceStatus & capstan.control.ServiceStatus.$Shape;
        }

        namespace ServiceStatus {

            /** Properties of a ServiceStatus. */
            interface $Properties {

                /** ServiceStatus name */
                name?: (string|null);

                /** ServiceStatus state */
                state?: (capstan.control.State|null);

                /** ServiceStatus desired */
                desired?: (capstan.control.State|null);

                /** ServiceStatus pid */
                pid?: (number|null);

                /** ServiceStatus stopReason */
                stopReason?: (capstan.control.StopReason|null);

                /** ServiceStatus exit */
                exit?: (capstan.control.Exit.$Properties|null);

                /** ServiceStatus sinceWallMs */
                sinceWallMs?: (number|null);

                /** ServiceStatus type */
                type?: (capstan.control.ServiceType|null);

                /** ServiceStatus isExplicit */
                isExplicit?: (boolean|null);

                /** ServiceStatus isPinnedStarted */
                isPinnedStarted?: (boolean|null);

                /** ServiceStatus isPinnedStopped */
                isPinnedStopped?: (boolean|null);

                /** ServiceStatus waitsFor */
                waitsFor?: (string[]|null);

                /** ServiceStatus startSkipped */
                startSkipped?: (boolean|null);

                /** ServiceStatus hasConsole */
                hasConsole?: (boolean|null);

                /** ServiceStatus waitsForConsole */
                waitsForConsole?: (boolean|null);

                /** ServiceStatus file */
                file?: (string|null);

                /** ServiceStatus isFailed */
                isFailed?: (boolean|null);

                /** ServiceStatus restarts */
                restarts?: (number|null);

                /** ServiceStatus failure */
                failure?: (string|null);

                /** ServiceStatus stopPid */
                stopPid?: (number|null);

                /** ServiceStatus statusText */
                statusText?: (string|null);

                /** ServiceStatus activity */
                activity?: (capstan.control.Activity|null);

                /** ServiceStatus saidErrno */
                saidErrno?: (number|null);

                /** ServiceStatus saidExit */
                saidExit?: (number|null);

                /** ServiceStatus lastFailure */
                lastFailure?: (capstan.control.Failure.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ServiceStatus. */
            type $Shape = capstan.control.ServiceStatus.$Properties;
        }

        /**
         * Properties of a Failure.
         * @deprecated Use capstan.control.Failure.$Properties instead.
         */
        interface IFailure extends capstan.control.Failure.$Properties {
        }

        /** Represents a Failure. */
        class Failure {

            /**
             * Constructs a new Failure.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Failure.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Failure reason. */
            reason: capstan.control.StopReason;

            /** Failure text. */
            text: string;

            /** Failure wallMs. */
            wallMs: number;

            /** Failure exit. */
            exit?: (capstan.control.Exit.$Properties|null);

            /**
             * Encodes the specified Failure message. Does not implicitly {@link capstan.control.Failure.verify|verify} messages.
             * @param message Failure message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Failure.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Failure message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Failure & capstan.control.Failure.$Shape} Failure
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Failure & capstan.control.Failure.$Shape;
        }

        namespace Failure {

            /** Properties of a Failure. */
            interface $Properties {

                /** Failure reason */
                reason?: (capstan.control.StopReason|null);

                /** Failure text */
                text?: (string|null);

                /** Failure wallMs */
                wallMs?: (number|null);

                /** Failure exit */
                exit?: (capstan.control.Exit.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Failure. */
            type $Shape = capstan.control.Failure.$Properties;
        }

        /**
         * Properties of a Start.
         * @deprecated Use capstan.control.Start.$Properties instead.
         */
        interface IStart extends capstan.control.Start.$Properties {
        }

        /** Represents a Start. */
        class Start {

            /**
             * Constructs a new Start.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Start.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Start wait. */
            wait: boolean;

            /** Start pin. */
            pin: boolean;

            /**
             * Encodes the specified Start message. Does not implicitly {@link capstan.control.Start.verify|verify} messages.
             * @param message Start message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Start.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Start message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Start & capstan.control.Start.$Shape} Start
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Start & capstan.control.Start.$Shape;
        }

        namespace Start {

            /** Properties of a Start. */
            interface $Properties {

                /** Start wait */
                wait?: (boolean|null);

                /** Start pin */
                pin?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Start. */
            type $Shape = capstan.control.Start.$Properties;
        }

        /**
         * Properties of a Stop.
         * @deprecated Use capstan.control.Stop.$Properties instead.
         */
        interface IStop extends capstan.control.Stop.$Properties {
        }

        /** Represents a Stop. */
        class Stop {

            /**
             * Constructs a new Stop.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Stop.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Stop wait. */
            wait: boolean;

            /** Stop pin. */
            pin: boolean;

            /** Stop force. */
            force: boolean;

            /**
             * Encodes the specified Stop message. Does not implicitly {@link capstan.control.Stop.verify|verify} messages.
             * @param message Stop message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Stop.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Stop message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Stop & capstan.control.Stop.$Shape} Stop
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Stop & capstan.control.Stop.$Shape;
        }

        namespace Stop {

            /** Properties of a Stop. */
            interface $Properties {

                /** Stop wait */
                wait?: (boolean|null);

                /** Stop pin */
                pin?: (boolean|null);

                /** Stop force */
                force?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Stop. */
            type $Shape = capstan.control.Stop.$Properties;
        }

        /**
         * Properties of a Restart.
         * @deprecated Use capstan.control.Restart.$Properties instead.
         */
        interface IRestart extends capstan.control.Restart.$Properties {
        }

        /** Represents a Restart. */
        class Restart {

            /**
             * Constructs a new Restart.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Restart.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Restart wait. */
            wait: boolean;

            /** Restart force. */
            force: boolean;

            /**
             * Encodes the specified Restart message. Does not implicitly {@link capstan.control.Restart.verify|verify} messages.
             * @param message Restart message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Restart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Restart message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Restart & capstan.control.Restart.$Shape} Restart
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Restart & capstan.control.Restart.$Shape;
        }

        namespace Restart {

            /** Properties of a Restart. */
            interface $Properties {

                /** Restart wait */
                wait?: (boolean|null);

                /** Restart force */
                force?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Restart. */
            type $Shape = capstan.control.Restart.$Properties;
        }

        /**
         * Properties of a Wake.
         * @deprecated Use capstan.control.Wake.$Properties instead.
         */
        interface IWake extends capstan.control.Wake.$Properties {
        }

        /** Represents a Wake. */
        class Wake {

            /**
             * Constructs a new Wake.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Wake.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Wake wait. */
            wait: boolean;

            /** Wake pin. */
            pin: boolean;

            /**
             * Encodes the specified Wake message. Does not implicitly {@link capstan.control.Wake.verify|verify} messages.
             * @param message Wake message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Wake.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Wake message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Wake & capstan.control.Wake.$Shape} Wake
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Wake & capstan.control.Wake.$Shape;
        }

        namespace Wake {

            /** Properties of a Wake. */
            interface $Properties {

                /** Wake wait */
                wait?: (boolean|null);

                /** Wake pin */
                pin?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Wake. */
            type $Shape = capstan.control.Wake.$Properties;
        }

        /**
         * Properties of a Release.
         * @deprecated Use capstan.control.Release.$Properties instead.
         */
        interface IRelease extends capstan.control.Release.$Properties {
        }

        /** Represents a Release. */
        class Release {

            /**
             * Constructs a new Release.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Release.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Release wait. */
            wait: boolean;

            /**
             * Encodes the specified Release message. Does not implicitly {@link capstan.control.Release.verify|verify} messages.
             * @param message Release message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Release.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Release message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Release & capstan.control.Release.$Shape} Release
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Release & capstan.control.Release.$Shape;
        }

        namespace Release {

            /** Properties of a Release. */
            interface $Properties {

                /** Release wait */
                wait?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Release. */
            type $Shape = capstan.control.Release.$Properties;
        }

        /**
         * Properties of an Unpin.
         * @deprecated Use capstan.control.Unpin.$Properties instead.
         */
        interface IUnpin extends capstan.control.Unpin.$Properties {
        }

        /** Represents an Unpin. */
        class Unpin {

            /**
             * Constructs a new Unpin.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Unpin.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Unpin message. Does not implicitly {@link capstan.control.Unpin.verify|verify} messages.
             * @param message Unpin message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Unpin.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Unpin message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Unpin & capstan.control.Unpin.$Shape} Unpin
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Unpin & capstan.control.Unpin.$Shape;
        }

        namespace Unpin {

            /** Properties of an Unpin. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Unpin. */
            type $Shape = capstan.control.Unpin.$Properties;
        }

        /**
         * Properties of a Signal.
         * @deprecated Use capstan.control.Signal.$Properties instead.
         */
        interface ISignal extends capstan.control.Signal.$Properties {
        }

        /** Represents a Signal. */
        class Signal {

            /**
             * Constructs a new Signal.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Signal.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Signal number. */
            number: number;

            /**
             * Encodes the specified Signal message. Does not implicitly {@link capstan.control.Signal.verify|verify} messages.
             * @param message Signal message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Signal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Signal message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Signal & capstan.control.Signal.$Shape} Signal
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Signal & capstan.control.Signal.$Shape;
        }

        namespace Signal {

            /** Properties of a Signal. */
            interface $Properties {

                /** Signal number */
                number?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Signal. */
            type $Shape = capstan.control.Signal.$Properties;
        }

        /**
         * Properties of an Unload.
         * @deprecated Use capstan.control.Unload.$Properties instead.
         */
        interface IUnload extends capstan.control.Unload.$Properties {
        }

        /** Represents an Unload. */
        class Unload {

            /**
             * Constructs a new Unload.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Unload.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Unload message. Does not implicitly {@link capstan.control.Unload.verify|verify} messages.
             * @param message Unload message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Unload.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Unload message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Unload & capstan.control.Unload.$Shape} Unload
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Unload & capstan.control.Unload.$Shape;
        }

        namespace Unload {

            /** Properties of an Unload. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Unload. */
            type $Shape = capstan.control.Unload.$Properties;
        }

        /**
         * Properties of an Outcome.
         * @deprecated Use capstan.control.Outcome.$Properties instead.
         */
        interface IOutcome extends capstan.control.Outcome.$Properties {
        }

        /** Represents an Outcome. */
        class Outcome {

            /**
             * Constructs a new Outcome.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Outcome.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Outcome state. */
            state: capstan.control.State;

            /** Outcome already. */
            already: boolean;

            /** Outcome pid. */
            pid: number;

            /**
             * Encodes the specified Outcome message. Does not implicitly {@link capstan.control.Outcome.verify|verify} messages.
             * @param message Outcome message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Outcome.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Outcome message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Outcome & capstan.control.Outcome.$Shape} Outcome
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Outcome & capstan.control.Outcome.$Shape;
        }

        namespace Outcome {

            /** Properties of an Outcome. */
            interface $Properties {

                /** Outcome state */
                state?: (capstan.control.State|null);

                /** Outcome already */
                already?: (boolean|null);

                /** Outcome pid */
                pid?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Outcome. */
            type $Shape = capstan.control.Outcome.$Properties;
        }

        /** DependencyKind enum. */
        enum DependencyKind {

            /** DEPENDENCY_REGULAR value */
            DEPENDENCY_REGULAR = 0,

            /** DEPENDENCY_SOFT value */
            DEPENDENCY_SOFT = 1,

            /** DEPENDENCY_WAITS_FOR value */
            DEPENDENCY_WAITS_FOR = 2,

            /** DEPENDENCY_MILESTONE value */
            DEPENDENCY_MILESTONE = 3,

            /** DEPENDENCY_BEFORE value */
            DEPENDENCY_BEFORE = 4,

            /** DEPENDENCY_AFTER value */
            DEPENDENCY_AFTER = 5,

            /** DEPENDENCY_PREPARED_BY value */
            DEPENDENCY_PREPARED_BY = 6
        }

        /**
         * Properties of a Dependencies.
         * @deprecated Use capstan.control.Dependencies.$Properties instead.
         */
        interface IDependencies extends capstan.control.Dependencies.$Properties {
        }

        /** Represents a Dependencies. */
        class Dependencies {

            /**
             * Constructs a new Dependencies.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Dependencies.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Dependencies dependents. */
            dependents: boolean;

            /** Dependencies skip. */
            skip: number;

            /**
             * Encodes the specified Dependencies message. Does not implicitly {@link capstan.control.Dependencies.verify|verify} messages.
             * @param message Dependencies message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Dependencies.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Dependencies message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Dependencies & capstan.control.Dependencies.$Shape} Dependencies
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Dependencies & capstan.control.Dependencies.$Shape;
        }

        namespace Dependencies {

            /** Properties of a Dependencies. */
            interface $Properties {

                /** Dependencies dependents */
                dependents?: (boolean|null);

                /** Dependencies skip */
                skip?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Dependencies. */
            type $Shape = capstan.control.Dependencies.$Properties;
        }

        /**
         * Properties of a DependencyList.
         * @deprecated Use capstan.control.DependencyList.$Properties instead.
         */
        interface IDependencyList extends capstan.control.DependencyList.$Properties {
        }

        /** Represents a DependencyList. */
        class DependencyList {

            /**
             * Constructs a new DependencyList.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.DependencyList.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DependencyList entries. */
            entries: capstan.control.DependencyList.Entry.$Properties[];

            /** DependencyList more. */
            more: boolean;

            /**
             * Encodes the specified DependencyList message. Does not implicitly {@link capstan.control.DependencyList.verify|verify} messages.
             * @param message DependencyList message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.DependencyList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DependencyList message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.DependencyList & capstan.control.DependencyList.$Shape} DependencyList
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.DependencyList & capstan.control.DependencyList.$Shape;
        }

        namespace DependencyList {

            /** Properties of a DependencyList. */
            interface $Properties {

                /** DependencyList entries */
                entries?: (capstan.control.DependencyList.Entry.$Properties[]|null);

                /** DependencyList more */
                more?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DependencyList. */
            type $Shape = capstan.control.DependencyList.$Properties;

            /**
             * Properties of an Entry.
             * @deprecated Use capstan.control.DependencyList.Entry.$Properties instead.
             */
            interface IEntry extends capstan.control.DependencyList.Entry.$Properties {
            }

            /** Represents an Entry. */
            class Entry {

                /**
                 * Constructs a new Entry.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: capstan.control.DependencyList.Entry.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Entry name. */
                name: string;

                /** Entry kind. */
                kind: capstan.control.DependencyKind;

                /** Entry state. */
                state: capstan.control.State;

                /**
                 * Encodes the specified Entry message. Does not implicitly {@link capstan.control.DependencyList.Entry.verify|verify} messages.
                 * @param message Entry message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: capstan.control.DependencyList.Entry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Entry message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {capstan.control.DependencyList.Entry & capstan.control.DependencyList.Entry.$Shape} Entry
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.DependencyList.Entry & capstan.control.DependencyList.Entry.$Shape;
            }

            namespace Entry {

                /** Properties of an Entry. */
                interface $Properties {

                    /** Entry name */
                    name?: (string|null);

                    /** Entry kind */
                    kind?: (capstan.control.DependencyKind|null);

                    /** Entry state */
                    state?: (capstan.control.State|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Entry. */
                type $Shape = capstan.control.DependencyList.Entry.$Properties;
            }
        }

        /**
         * Properties of a Log.
         * @deprecated Use capstan.control.Log.$Properties instead.
         */
        interface ILog extends capstan.control.Log.$Properties {
        }

        /** Represents a Log. */
        class Log {

            /**
             * Constructs a new Log.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Log.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Log after. */
            after: number;

            /** Log linesMax. */
            linesMax: number;

            /** Log clear. */
            clear: boolean;

            /**
             * Encodes the specified Log message. Does not implicitly {@link capstan.control.Log.verify|verify} messages.
             * @param message Log message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Log.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Log message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Log & capstan.control.Log.$Shape} Log
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Log & capstan.control.Log.$Shape;
        }

        namespace Log {

            /** Properties of a Log. */
            interface $Properties {

                /** Log after */
                after?: (number|null);

                /** Log linesMax */
                linesMax?: (number|null);

                /** Log clear */
                clear?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Log. */
            type $Shape = capstan.control.Log.$Properties;
        }

        /**
         * Properties of a LogLine.
         * @deprecated Use capstan.control.LogLine.$Properties instead.
         */
        interface ILogLine extends capstan.control.LogLine.$Properties {
        }

        /** Represents a LogLine. */
        class LogLine {

            /**
             * Constructs a new LogLine.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.LogLine.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LogLine number. */
            number: number;

            /** LogLine wallMs. */
            wallMs: number;

            /** LogLine text. */
            text: string;

            /**
             * Encodes the specified LogLine message. Does not implicitly {@link capstan.control.LogLine.verify|verify} messages.
             * @param message LogLine message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.LogLine.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LogLine message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.LogLine & capstan.control.LogLine.$Shape} LogLine
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.LogLine & capstan.control.LogLine.$Shape;
        }

        namespace LogLine {

            /** Properties of a LogLine. */
            interface $Properties {

                /** LogLine number */
                number?: (number|null);

                /** LogLine wallMs */
                wallMs?: (number|null);

                /** LogLine text */
                text?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LogLine. */
            type $Shape = capstan.control.LogLine.$Properties;
        }

        /**
         * Properties of a LogText.
         * @deprecated Use capstan.control.LogText.$Properties instead.
         */
        interface ILogText extends capstan.control.LogText.$Properties {
        }

        /** Represents a LogText. */
        class LogText {

            /**
             * Constructs a new LogText.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.LogText.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LogText lines. */
            lines: capstan.control.LogLine.$Properties[];

            /** LogText unfinished. */
            unfinished: string;

            /** LogText dropped. */
            dropped: number;

            /** LogText more. */
            more: boolean;

            /**
             * Encodes the specified LogText message. Does not implicitly {@link capstan.control.LogText.verify|verify} messages.
             * @param message LogText message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.LogText.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LogText message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.LogText & capstan.control.LogText.$Shape} LogText
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.LogText & capstan.control.LogText.$Shape;
        }

        namespace LogText {

            /** Properties of a LogText. */
            interface $Properties {

                /** LogText lines */
                lines?: (capstan.control.LogLine.$Properties[]|null);

                /** LogText unfinished */
                unfinished?: (string|null);

                /** LogText dropped */
                dropped?: (number|null);

                /** LogText more */
                more?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LogText. */
            type $Shape = capstan.control.LogText.$Properties;
        }

        /** EventKind enum. */
        enum EventKind {

            /** EVENT_CURRENT value */
            EVENT_CURRENT = 0,

            /** EVENT_STARTED value */
            EVENT_STARTED = 1,

            /** EVENT_STOPPED value */
            EVENT_STOPPED = 2,

            /** EVENT_START_FAILED value */
            EVENT_START_FAILED = 3,

            /** EVENT_START_CANCELLED value */
            EVENT_START_CANCELLED = 4,

            /** EVENT_STOP_CANCELLED value */
            EVENT_STOP_CANCELLED = 5,

            /** EVENT_STATE value */
            EVENT_STATE = 6,

            /** EVENT_LOG value */
            EVENT_LOG = 7,

            /** EVENT_NOTE value */
            EVENT_NOTE = 8,

            /** EVENT_LOADED value */
            EVENT_LOADED = 9,

            /** EVENT_UNLOADED value */
            EVENT_UNLOADED = 10,

            /** EVENT_SHUTDOWN value */
            EVENT_SHUTDOWN = 11,

            /** EVENT_EXIT value */
            EVENT_EXIT = 12,

            /** EVENT_SAID value */
            EVENT_SAID = 13
        }

        /**
         * Properties of an Event.
         * @deprecated Use capstan.control.Event.$Properties instead.
         */
        interface IEvent extends capstan.control.Event.$Properties {
        }

        /** Represents an Event. */
        class Event {

            /**
             * Constructs a new Event.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Event.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Event kind. */
            kind: capstan.control.EventKind;

            /** Event wallMs. */
            wallMs: number;

            /** Event sequence. */
            sequence: number;

            /** Event status. */
            status?: (capstan.control.ServiceStatus.$Properties|null);

            /** Event name. */
            name: string;

            /** Event line. */
            line?: (capstan.control.LogLine.$Properties|null);

            /** Event message. */
            message: string;

            /** Event pid. */
            pid: number;

            /** Event exit. */
            exit?: (capstan.control.Exit.$Properties|null);

            /**
             * Encodes the specified Event message. Does not implicitly {@link capstan.control.Event.verify|verify} messages.
             * @param message Event message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Event.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Event message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Event & capstan.control.Event.$Shape} Event
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Event & capstan.control.Event.$Shape;
        }

        namespace Event {

            /** Properties of an Event. */
            interface $Properties {

                /** Event kind */
                kind?: (capstan.control.EventKind|null);

                /** Event wallMs */
                wallMs?: (number|null);

                /** Event sequence */
                sequence?: (number|null);

                /** Event status */
                status?: (capstan.control.ServiceStatus.$Properties|null);

                /** Event name */
                name?: (string|null);

                /** Event line */
                line?: (capstan.control.LogLine.$Properties|null);

                /** Event message */
                message?: (string|null);

                /** Event pid */
                pid?: (number|null);

                /** Event exit */
                exit?: (capstan.control.Exit.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Event. */
            type $Shape = capstan.control.Event.$Properties;
        }

        /**
         * Properties of an Events.
         * @deprecated Use capstan.control.Events.$Properties instead.
         */
        interface IEvents extends capstan.control.Events.$Properties {
        }

        /** Represents an Events. */
        class Events {

            /**
             * Constructs a new Events.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Events.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Events events. */
            events: capstan.control.Event.$Properties[];

            /** Events lost. */
            lost: number;

            /**
             * Encodes the specified Events message. Does not implicitly {@link capstan.control.Events.verify|verify} messages.
             * @param message Events message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Events.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Events message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Events & capstan.control.Events.$Shape} Events
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Events & capstan.control.Events.$Shape;
        }

        namespace Events {

            /** Properties of an Events. */
            interface $Properties {

                /** Events events */
                events?: (capstan.control.Event.$Properties[]|null);

                /** Events lost */
                lost?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Events. */
            type $Shape = capstan.control.Events.$Properties;
        }

        /**
         * Properties of a Which.
         * @deprecated Use capstan.control.Which.$Properties instead.
         */
        interface IWhich extends capstan.control.Which.$Properties {
        }

        /** Represents a Which. */
        class Which {

            /**
             * Constructs a new Which.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Which.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Which pids. */
            pids: number[];

            /** Which programs. */
            programs: string[];

            /** Which uids. */
            uids: number[];

            /** Which services. */
            services: string[];

            /** Which nodes. */
            nodes: string[];

            /** Which transports. */
            transports: string[];

            /** Which kinds. */
            kinds: capstan.control.PassedKind[];

            /**
             * Encodes the specified Which message. Does not implicitly {@link capstan.control.Which.verify|verify} messages.
             * @param message Which message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Which.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Which message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Which & capstan.control.Which.$Shape} Which
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Which & capstan.control.Which.$Shape;
        }

        namespace Which {

            /** Properties of a Which. */
            interface $Properties {

                /** Which pids */
                pids?: (number[]|null);

                /** Which programs */
                programs?: (string[]|null);

                /** Which uids */
                uids?: (number[]|null);

                /** Which services */
                services?: (string[]|null);

                /** Which nodes */
                nodes?: (string[]|null);

                /** Which transports */
                transports?: (string[]|null);

                /** Which kinds */
                kinds?: (capstan.control.PassedKind[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Which. */
            type $Shape = capstan.control.Which.$Properties;
        }

        /**
         * Properties of a PeerName.
         * @deprecated Use capstan.control.PeerName.$Properties instead.
         */
        interface IPeerName extends capstan.control.PeerName.$Properties {
        }

        /** Represents a PeerName. */
        class PeerName {

            /**
             * Constructs a new PeerName.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.PeerName.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PeerName transport. */
            transport: string;

            /** PeerName id. */
            id: number;

            /** PeerName pid. */
            pid: number;

            /** PeerName uid. */
            uid: number;

            /** PeerName program. */
            program: string;

            /** PeerName user. */
            user: string;

            /** PeerName isManager. */
            isManager: boolean;

            /**
             * Encodes the specified PeerName message. Does not implicitly {@link capstan.control.PeerName.verify|verify} messages.
             * @param message PeerName message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.PeerName.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PeerName message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.PeerName & capstan.control.PeerName.$Shape} PeerName
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.PeerName & capstan.control.PeerName.$Shape;
        }

        namespace PeerName {

            /** Properties of a PeerName. */
            interface $Properties {

                /** PeerName transport */
                transport?: (string|null);

                /** PeerName id */
                id?: (number|null);

                /** PeerName pid */
                pid?: (number|null);

                /** PeerName uid */
                uid?: (number|null);

                /** PeerName program */
                program?: (string|null);

                /** PeerName user */
                user?: (string|null);

                /** PeerName isManager */
                isManager?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PeerName. */
            type $Shape = capstan.control.PeerName.$Properties;
        }

        /**
         * Properties of a Peers.
         * @deprecated Use capstan.control.Peers.$Properties instead.
         */
        interface IPeers extends capstan.control.Peers.$Properties {
        }

        /** Represents a Peers. */
        class Peers {

            /**
             * Constructs a new Peers.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Peers.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Peers after. */
            after: string;

            /** Peers count. */
            count: number;

            /** Peers which. */
            which?: (capstan.control.Which.$Properties|null);

            /**
             * Encodes the specified Peers message. Does not implicitly {@link capstan.control.Peers.verify|verify} messages.
             * @param message Peers message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Peers.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Peers message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Peers & capstan.control.Peers.$Shape} Peers
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Peers & capstan.control.Peers.$Shape;
        }

        namespace Peers {

            /** Properties of a Peers. */
            interface $Properties {

                /** Peers after */
                after?: (string|null);

                /** Peers count */
                count?: (number|null);

                /** Peers which */
                which?: (capstan.control.Which.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Peers. */
            type $Shape = capstan.control.Peers.$Properties;
        }

        /**
         * Properties of a PeerEntry.
         * @deprecated Use capstan.control.PeerEntry.$Properties instead.
         */
        interface IPeerEntry extends capstan.control.PeerEntry.$Properties {
        }

        /** Represents a PeerEntry. */
        class PeerEntry {

            /**
             * Constructs a new PeerEntry.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.PeerEntry.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PeerEntry peer. */
            peer?: (capstan.control.PeerName.$Properties|null);

            /** PeerEntry ageMs. */
            ageMs: number;

            /** PeerEntry rights. */
            rights: number;

            /** PeerEntry nodes. */
            nodes?: (number|null);

            /** PeerEntry handles. */
            handles?: (number|null);

            /** PeerEntry callsOutstanding. */
            callsOutstanding?: (number|null);

            /** PeerEntry repliesOwed. */
            repliesOwed?: (number|null);

            /** PeerEntry bytesInFlight. */
            bytesInFlight: number;

            /** PeerEntry itemsInFlight. */
            itemsInFlight: number;

            /** PeerEntry descriptorsInFlight. */
            descriptorsInFlight: number;

            /** PeerEntry messagesIn. */
            messagesIn: number;

            /** PeerEntry messagesOut. */
            messagesOut: number;

            /** PeerEntry blockedMs. */
            blockedMs?: (number|null);

            /**
             * Encodes the specified PeerEntry message. Does not implicitly {@link capstan.control.PeerEntry.verify|verify} messages.
             * @param message PeerEntry message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.PeerEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PeerEntry message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.PeerEntry & capstan.control.PeerEntry.$Shape} PeerEntry
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.PeerEntry & capstan.control.PeerEntry.$Shape;
        }

        namespace PeerEntry {

            /** Properties of a PeerEntry. */
            interface $Properties {

                /** PeerEntry peer */
                peer?: (capstan.control.PeerName.$Properties|null);

                /** PeerEntry ageMs */
                ageMs?: (number|null);

                /** PeerEntry rights */
                rights?: (number|null);

                /** PeerEntry nodes */
                nodes?: (number|null);

                /** PeerEntry handles */
                handles?: (number|null);

                /** PeerEntry callsOutstanding */
                callsOutstanding?: (number|null);

                /** PeerEntry repliesOwed */
                repliesOwed?: (number|null);

                /** PeerEntry bytesInFlight */
                bytesInFlight?: (number|null);

                /** PeerEntry itemsInFlight */
                itemsInFlight?: (number|null);

                /** PeerEntry descriptorsInFlight */
                descriptorsInFlight?: (number|null);

                /** PeerEntry messagesIn */
                messagesIn?: (number|null);

                /** PeerEntry messagesOut */
                messagesOut?: (number|null);

                /** PeerEntry blockedMs */
                blockedMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PeerEntry. */
            type $Shape = capstan.control.PeerEntry.$Properties;
        }

        /**
         * Properties of a PeerList.
         * @deprecated Use capstan.control.PeerList.$Properties instead.
         */
        interface IPeerList extends capstan.control.PeerList.$Properties {
        }

        /** Represents a PeerList. */
        class PeerList {

            /**
             * Constructs a new PeerList.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.PeerList.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PeerList peers. */
            peers: capstan.control.PeerEntry.$Properties[];

            /** PeerList next. */
            next: string;

            /**
             * Encodes the specified PeerList message. Does not implicitly {@link capstan.control.PeerList.verify|verify} messages.
             * @param message PeerList message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.PeerList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PeerList message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.PeerList & capstan.control.PeerList.$Shape} PeerList
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.PeerList & capstan.control.PeerList.$Shape;
        }

        namespace PeerList {

            /** Properties of a PeerList. */
            interface $Properties {

                /** PeerList peers */
                peers?: (capstan.control.PeerEntry.$Properties[]|null);

                /** PeerList next */
                next?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PeerList. */
            type $Shape = capstan.control.PeerList.$Properties;
        }

        /**
         * Properties of a Handles.
         * @deprecated Use capstan.control.Handles.$Properties instead.
         */
        interface IHandles extends capstan.control.Handles.$Properties {
        }

        /** Represents a Handles. */
        class Handles {

            /**
             * Constructs a new Handles.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Handles.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Handles after. */
            after: string;

            /** Handles count. */
            count: number;

            /** Handles which. */
            which?: (capstan.control.Which.$Properties|null);

            /**
             * Encodes the specified Handles message. Does not implicitly {@link capstan.control.Handles.verify|verify} messages.
             * @param message Handles message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Handles.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Handles message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Handles & capstan.control.Handles.$Shape} Handles
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Handles & capstan.control.Handles.$Shape;
        }

        namespace Handles {

            /** Properties of a Handles. */
            interface $Properties {

                /** Handles after */
                after?: (string|null);

                /** Handles count */
                count?: (number|null);

                /** Handles which */
                which?: (capstan.control.Which.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Handles. */
            type $Shape = capstan.control.Handles.$Properties;
        }

        /**
         * Properties of a HandleEntry.
         * @deprecated Use capstan.control.HandleEntry.$Properties instead.
         */
        interface IHandleEntry extends capstan.control.HandleEntry.$Properties {
        }

        /** Represents a HandleEntry. */
        class HandleEntry {

            /**
             * Constructs a new HandleEntry.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.HandleEntry.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HandleEntry holder. */
            holder?: (capstan.control.PeerName.$Properties|null);

            /** HandleEntry owner. */
            owner?: (capstan.control.PeerName.$Properties|null);

            /** HandleEntry nodeId. */
            nodeId: string;

            /** HandleEntry node. */
            node: string;

            /** HandleEntry service. */
            service: string;

            /** HandleEntry rights. */
            rights: number;

            /** HandleEntry count. */
            count: number;

            /** HandleEntry uses. */
            uses: number;

            /** HandleEntry ageMs. */
            ageMs: number;

            /** HandleEntry bytesInFlight. */
            bytesInFlight: number;

            /** HandleEntry descriptorsInFlight. */
            descriptorsInFlight: number;

            /** HandleEntry payerUid. */
            payerUid: number;

            /** HandleEntry payerUser. */
            payerUser: string;

            /** HandleEntry isGone. */
            isGone: boolean;

            /**
             * Encodes the specified HandleEntry message. Does not implicitly {@link capstan.control.HandleEntry.verify|verify} messages.
             * @param message HandleEntry message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.HandleEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HandleEntry message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.HandleEntry & capstan.control.HandleEntry.$Shape} HandleEntry
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.HandleEntry & capstan.control.HandleEntry.$Shape;
        }

        namespace HandleEntry {

            /** Properties of a HandleEntry. */
            interface $Properties {

                /** HandleEntry holder */
                holder?: (capstan.control.PeerName.$Properties|null);

                /** HandleEntry owner */
                owner?: (capstan.control.PeerName.$Properties|null);

                /** HandleEntry nodeId */
                nodeId?: (string|null);

                /** HandleEntry node */
                node?: (string|null);

                /** HandleEntry service */
                service?: (string|null);

                /** HandleEntry rights */
                rights?: (number|null);

                /** HandleEntry count */
                count?: (number|null);

                /** HandleEntry uses */
                uses?: (number|null);

                /** HandleEntry ageMs */
                ageMs?: (number|null);

                /** HandleEntry bytesInFlight */
                bytesInFlight?: (number|null);

                /** HandleEntry descriptorsInFlight */
                descriptorsInFlight?: (number|null);

                /** HandleEntry payerUid */
                payerUid?: (number|null);

                /** HandleEntry payerUser */
                payerUser?: (string|null);

                /** HandleEntry isGone */
                isGone?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HandleEntry. */
            type $Shape = capstan.control.HandleEntry.$Properties;
        }

        /**
         * Properties of a HandleList.
         * @deprecated Use capstan.control.HandleList.$Properties instead.
         */
        interface IHandleList extends capstan.control.HandleList.$Properties {
        }

        /** Represents a HandleList. */
        class HandleList {

            /**
             * Constructs a new HandleList.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.HandleList.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HandleList handles. */
            handles: capstan.control.HandleEntry.$Properties[];

            /** HandleList next. */
            next: string;

            /**
             * Encodes the specified HandleList message. Does not implicitly {@link capstan.control.HandleList.verify|verify} messages.
             * @param message HandleList message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.HandleList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HandleList message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.HandleList & capstan.control.HandleList.$Shape} HandleList
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.HandleList & capstan.control.HandleList.$Shape;
        }

        namespace HandleList {

            /** Properties of a HandleList. */
            interface $Properties {

                /** HandleList handles */
                handles?: (capstan.control.HandleEntry.$Properties[]|null);

                /** HandleList next */
                next?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HandleList. */
            type $Shape = capstan.control.HandleList.$Properties;
        }

        /**
         * Properties of an Accounts.
         * @deprecated Use capstan.control.Accounts.$Properties instead.
         */
        interface IAccounts extends capstan.control.Accounts.$Properties {
        }

        /** Represents an Accounts. */
        class Accounts {

            /**
             * Constructs a new Accounts.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Accounts.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Accounts after. */
            after: string;

            /** Accounts count. */
            count: number;

            /** Accounts which. */
            which?: (capstan.control.Which.$Properties|null);

            /**
             * Encodes the specified Accounts message. Does not implicitly {@link capstan.control.Accounts.verify|verify} messages.
             * @param message Accounts message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Accounts.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Accounts message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Accounts & capstan.control.Accounts.$Shape} Accounts
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Accounts & capstan.control.Accounts.$Shape;
        }

        namespace Accounts {

            /** Properties of an Accounts. */
            interface $Properties {

                /** Accounts after */
                after?: (string|null);

                /** Accounts count */
                count?: (number|null);

                /** Accounts which */
                which?: (capstan.control.Which.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Accounts. */
            type $Shape = capstan.control.Accounts.$Properties;
        }

        /**
         * Properties of a QuotaShare.
         * @deprecated Use capstan.control.QuotaShare.$Properties instead.
         */
        interface IQuotaShare extends capstan.control.QuotaShare.$Properties {
        }

        /** Represents a QuotaShare. */
        class QuotaShare {

            /**
             * Constructs a new QuotaShare.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.QuotaShare.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** QuotaShare uid. */
            uid: number;

            /** QuotaShare user. */
            user: string;

            /** QuotaShare used. */
            used: number;

            /**
             * Encodes the specified QuotaShare message. Does not implicitly {@link capstan.control.QuotaShare.verify|verify} messages.
             * @param message QuotaShare message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.QuotaShare.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a QuotaShare message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.QuotaShare & capstan.control.QuotaShare.$Shape} QuotaShare
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.QuotaShare & capstan.control.QuotaShare.$Shape;
        }

        namespace QuotaShare {

            /** Properties of a QuotaShare. */
            interface $Properties {

                /** QuotaShare uid */
                uid?: (number|null);

                /** QuotaShare user */
                user?: (string|null);

                /** QuotaShare used */
                used?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a QuotaShare. */
            type $Shape = capstan.control.QuotaShare.$Properties;
        }

        /**
         * Properties of a QuotaEntry.
         * @deprecated Use capstan.control.QuotaEntry.$Properties instead.
         */
        interface IQuotaEntry extends capstan.control.QuotaEntry.$Properties {
        }

        /** Represents a QuotaEntry. */
        class QuotaEntry {

            /**
             * Constructs a new QuotaEntry.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.QuotaEntry.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** QuotaEntry resource. */
            resource: string;

            /** QuotaEntry used. */
            used: number;

            /** QuotaEntry limit. */
            limit: number;

            /** QuotaEntry shares. */
            shares: capstan.control.QuotaShare.$Properties[];

            /**
             * Encodes the specified QuotaEntry message. Does not implicitly {@link capstan.control.QuotaEntry.verify|verify} messages.
             * @param message QuotaEntry message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.QuotaEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a QuotaEntry message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.QuotaEntry & capstan.control.QuotaEntry.$Shape} QuotaEntry
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.QuotaEntry & capstan.control.QuotaEntry.$Shape;
        }

        namespace QuotaEntry {

            /** Properties of a QuotaEntry. */
            interface $Properties {

                /** QuotaEntry resource */
                resource?: (string|null);

                /** QuotaEntry used */
                used?: (number|null);

                /** QuotaEntry limit */
                limit?: (number|null);

                /** QuotaEntry shares */
                shares?: (capstan.control.QuotaShare.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a QuotaEntry. */
            type $Shape = capstan.control.QuotaEntry.$Properties;
        }

        /**
         * Properties of an AccountEntry.
         * @deprecated Use capstan.control.AccountEntry.$Properties instead.
         */
        interface IAccountEntry extends capstan.control.AccountEntry.$Properties {
        }

        /** Represents an AccountEntry. */
        class AccountEntry {

            /**
             * Constructs a new AccountEntry.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.AccountEntry.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AccountEntry transport. */
            transport: string;

            /** AccountEntry uid. */
            uid: number;

            /** AccountEntry user. */
            user: string;

            /** AccountEntry peers. */
            peers: number;

            /** AccountEntry quotas. */
            quotas: capstan.control.QuotaEntry.$Properties[];

            /**
             * Encodes the specified AccountEntry message. Does not implicitly {@link capstan.control.AccountEntry.verify|verify} messages.
             * @param message AccountEntry message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.AccountEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AccountEntry message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.AccountEntry & capstan.control.AccountEntry.$Shape} AccountEntry
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.AccountEntry & capstan.control.AccountEntry.$Shape;
        }

        namespace AccountEntry {

            /** Properties of an AccountEntry. */
            interface $Properties {

                /** AccountEntry transport */
                transport?: (string|null);

                /** AccountEntry uid */
                uid?: (number|null);

                /** AccountEntry user */
                user?: (string|null);

                /** AccountEntry peers */
                peers?: (number|null);

                /** AccountEntry quotas */
                quotas?: (capstan.control.QuotaEntry.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AccountEntry. */
            type $Shape = capstan.control.AccountEntry.$Properties;
        }

        /**
         * Properties of an AccountList.
         * @deprecated Use capstan.control.AccountList.$Properties instead.
         */
        interface IAccountList extends capstan.control.AccountList.$Properties {
        }

        /** Represents an AccountList. */
        class AccountList {

            /**
             * Constructs a new AccountList.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.AccountList.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AccountList accounts. */
            accounts: capstan.control.AccountEntry.$Properties[];

            /** AccountList next. */
            next: string;

            /**
             * Encodes the specified AccountList message. Does not implicitly {@link capstan.control.AccountList.verify|verify} messages.
             * @param message AccountList message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.AccountList.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AccountList message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.AccountList & capstan.control.AccountList.$Shape} AccountList
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.AccountList & capstan.control.AccountList.$Shape;
        }

        namespace AccountList {

            /** Properties of an AccountList. */
            interface $Properties {

                /** AccountList accounts */
                accounts?: (capstan.control.AccountEntry.$Properties[]|null);

                /** AccountList next */
                next?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AccountList. */
            type $Shape = capstan.control.AccountList.$Properties;
        }

        /**
         * Properties of a Measure.
         * @deprecated Use capstan.control.Measure.$Properties instead.
         */
        interface IMeasure extends capstan.control.Measure.$Properties {
        }

        /** Represents a Measure. */
        class Measure {

            /**
             * Constructs a new Measure.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Measure.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Measure message. Does not implicitly {@link capstan.control.Measure.verify|verify} messages.
             * @param message Measure message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Measure.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Measure message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Measure & capstan.control.Measure.$Shape} Measure
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Measure & capstan.control.Measure.$Shape;
        }

        namespace Measure {

            /** Properties of a Measure. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Measure. */
            type $Shape = capstan.control.Measure.$Properties;
        }

        /**
         * Properties of a Measures.
         * @deprecated Use capstan.control.Measures.$Properties instead.
         */
        interface IMeasures extends capstan.control.Measures.$Properties {
        }

        /** Represents a Measures. */
        class Measures {

            /**
             * Constructs a new Measures.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Measures.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Measures transports. */
            transports: capstan.control.Measures.Transport.$Properties[];

            /** Measures services. */
            services: capstan.control.Measures.Services.$Properties[];

            /** Measures serviceRestarts. */
            serviceRestarts: number;

            /** Measures brokerRestarts. */
            brokerRestarts: number;

            /** Measures startedWallMs. */
            startedWallMs: number;

            /** Measures uptimeMs. */
            uptimeMs: number;

            /** Measures cpuMs. */
            cpuMs: number;

            /** Measures residentBytes. */
            residentBytes: number;

            /** Measures heapBytes. */
            heapBytes: number;

            /** Measures descriptors. */
            descriptors: number;

            /** Measures descriptorsMax. */
            descriptorsMax: number;

            /** Measures eventLoopDelayMs. */
            eventLoopDelayMs: number;

            /** Measures logBytes. */
            logBytes: number;

            /** Measures monitors. */
            monitors: number;

            /**
             * Encodes the specified Measures message. Does not implicitly {@link capstan.control.Measures.verify|verify} messages.
             * @param message Measures message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Measures.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Measures message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Measures & capstan.control.Measures.$Shape} Measures
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Measures & capstan.control.Measures.$Shape;
        }

        namespace Measures {

            /** Properties of a Measures. */
            interface $Properties {

                /** Measures transports */
                transports?: (capstan.control.Measures.Transport.$Properties[]|null);

                /** Measures services */
                services?: (capstan.control.Measures.Services.$Properties[]|null);

                /** Measures serviceRestarts */
                serviceRestarts?: (number|null);

                /** Measures brokerRestarts */
                brokerRestarts?: (number|null);

                /** Measures startedWallMs */
                startedWallMs?: (number|null);

                /** Measures uptimeMs */
                uptimeMs?: (number|null);

                /** Measures cpuMs */
                cpuMs?: (number|null);

                /** Measures residentBytes */
                residentBytes?: (number|null);

                /** Measures heapBytes */
                heapBytes?: (number|null);

                /** Measures descriptors */
                descriptors?: (number|null);

                /** Measures descriptorsMax */
                descriptorsMax?: (number|null);

                /** Measures eventLoopDelayMs */
                eventLoopDelayMs?: (number|null);

                /** Measures logBytes */
                logBytes?: (number|null);

                /** Measures monitors */
                monitors?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Measures. */
            type $Shape = capstan.control.Measures.$Properties;

            /**
             * Properties of a Refusals.
             * @deprecated Use capstan.control.Measures.Refusals.$Properties instead.
             */
            interface IRefusals extends capstan.control.Measures.Refusals.$Properties {
            }

            /** Represents a Refusals. */
            class Refusals {

                /**
                 * Constructs a new Refusals.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: capstan.control.Measures.Refusals.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Refusals code. */
                code: number;

                /** Refusals count. */
                count: number;

                /**
                 * Encodes the specified Refusals message. Does not implicitly {@link capstan.control.Measures.Refusals.verify|verify} messages.
                 * @param message Refusals message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: capstan.control.Measures.Refusals.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Refusals message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {capstan.control.Measures.Refusals & capstan.control.Measures.Refusals.$Shape} Refusals
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Measures.Refusals & capstan.control.Measures.Refusals.$Shape;
            }

            namespace Refusals {

                /** Properties of a Refusals. */
                interface $Properties {

                    /** Refusals code */
                    code?: (number|null);

                    /** Refusals count */
                    count?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Refusals. */
                type $Shape = capstan.control.Measures.Refusals.$Properties;
            }

            /**
             * Properties of a Transport.
             * @deprecated Use capstan.control.Measures.Transport.$Properties instead.
             */
            interface ITransport extends capstan.control.Measures.Transport.$Properties {
            }

            /** Represents a Transport. */
            class Transport {

                /**
                 * Constructs a new Transport.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: capstan.control.Measures.Transport.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Transport name. */
                name: string;

                /** Transport peers. */
                peers: number;

                /** Transport nodes. */
                nodes: number;

                /** Transport handles. */
                handles: number;

                /** Transport callsOutstanding. */
                callsOutstanding: number;

                /** Transport bytesInFlight. */
                bytesInFlight: number;

                /** Transport itemsInFlight. */
                itemsInFlight: number;

                /** Transport descriptorsInFlight. */
                descriptorsInFlight: number;

                /** Transport messages. */
                messages: number;

                /** Transport calls. */
                calls: number;

                /** Transport replies. */
                replies: number;

                /** Transport repliesLost. */
                repliesLost: number;

                /** Transport nodesGone. */
                nodesGone: number;

                /** Transport nodesUnused. */
                nodesUnused: number;

                /** Transport writables. */
                writables: number;

                /** Transport refusals. */
                refusals: capstan.control.Measures.Refusals.$Properties[];

                /** Transport monitorLost. */
                monitorLost: number;

                /**
                 * Encodes the specified Transport message. Does not implicitly {@link capstan.control.Measures.Transport.verify|verify} messages.
                 * @param message Transport message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: capstan.control.Measures.Transport.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Transport message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {capstan.control.Measures.Transport & capstan.control.Measures.Transport.$Shape} Transport
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Measures.Transport & capstan.control.Measures.Transport.$Shape;
            }

            namespace Transport {

                /** Properties of a Transport. */
                interface $Properties {

                    /** Transport name */
                    name?: (string|null);

                    /** Transport peers */
                    peers?: (number|null);

                    /** Transport nodes */
                    nodes?: (number|null);

                    /** Transport handles */
                    handles?: (number|null);

                    /** Transport callsOutstanding */
                    callsOutstanding?: (number|null);

                    /** Transport bytesInFlight */
                    bytesInFlight?: (number|null);

                    /** Transport itemsInFlight */
                    itemsInFlight?: (number|null);

                    /** Transport descriptorsInFlight */
                    descriptorsInFlight?: (number|null);

                    /** Transport messages */
                    messages?: (number|null);

                    /** Transport calls */
                    calls?: (number|null);

                    /** Transport replies */
                    replies?: (number|null);

                    /** Transport repliesLost */
                    repliesLost?: (number|null);

                    /** Transport nodesGone */
                    nodesGone?: (number|null);

                    /** Transport nodesUnused */
                    nodesUnused?: (number|null);

                    /** Transport writables */
                    writables?: (number|null);

                    /** Transport refusals */
                    refusals?: (capstan.control.Measures.Refusals.$Properties[]|null);

                    /** Transport monitorLost */
                    monitorLost?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Transport. */
                type $Shape = capstan.control.Measures.Transport.$Properties;
            }

            /**
             * Properties of a Services.
             * @deprecated Use capstan.control.Measures.Services.$Properties instead.
             */
            interface IServices extends capstan.control.Measures.Services.$Properties {
            }

            /** Represents a Services. */
            class Services {

                /**
                 * Constructs a new Services.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: capstan.control.Measures.Services.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Services state. */
                state: capstan.control.State;

                /** Services isFailed. */
                isFailed: boolean;

                /** Services count. */
                count: number;

                /**
                 * Encodes the specified Services message. Does not implicitly {@link capstan.control.Measures.Services.verify|verify} messages.
                 * @param message Services message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: capstan.control.Measures.Services.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Services message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {capstan.control.Measures.Services & capstan.control.Measures.Services.$Shape} Services
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Measures.Services & capstan.control.Measures.Services.$Shape;
            }

            namespace Services {

                /** Properties of a Services. */
                interface $Properties {

                    /** Services state */
                    state?: (capstan.control.State|null);

                    /** Services isFailed */
                    isFailed?: (boolean|null);

                    /** Services count */
                    count?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Services. */
                type $Shape = capstan.control.Measures.Services.$Properties;
            }
        }

        /** PassedKind enum. */
        enum PassedKind {

            /** PASSED_MESSAGE value */
            PASSED_MESSAGE = 0,

            /** PASSED_CALL value */
            PASSED_CALL = 1,

            /** PASSED_REPLY value */
            PASSED_REPLY = 2,

            /** PASSED_REPLY_LOST value */
            PASSED_REPLY_LOST = 3,

            /** PASSED_NODE_GONE value */
            PASSED_NODE_GONE = 4,

            /** PASSED_NODE_UNUSED value */
            PASSED_NODE_UNUSED = 5,

            /** PASSED_WRITABLE value */
            PASSED_WRITABLE = 6,

            /** PASSED_REFUSED value */
            PASSED_REFUSED = 7
        }

        /**
         * Properties of a Monitor.
         * @deprecated Use capstan.control.Monitor.$Properties instead.
         */
        interface IMonitor extends capstan.control.Monitor.$Properties {
        }

        /** Represents a Monitor. */
        class Monitor {

            /**
             * Constructs a new Monitor.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Monitor.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Monitor which. */
            which?: (capstan.control.Which.$Properties|null);

            /** Monitor bytes. */
            bytes: number;

            /**
             * Encodes the specified Monitor message. Does not implicitly {@link capstan.control.Monitor.verify|verify} messages.
             * @param message Monitor message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Monitor.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Monitor message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Monitor & capstan.control.Monitor.$Shape} Monitor
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Monitor & capstan.control.Monitor.$Shape;
        }

        namespace Monitor {

            /** Properties of a Monitor. */
            interface $Properties {

                /** Monitor which */
                which?: (capstan.control.Which.$Properties|null);

                /** Monitor bytes */
                bytes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Monitor. */
            type $Shape = capstan.control.Monitor.$Properties;
        }

        /**
         * Properties of a PassedItem.
         * @deprecated Use capstan.control.PassedItem.$Properties instead.
         */
        interface IPassedItem extends capstan.control.PassedItem.$Properties {
        }

        /** Represents a PassedItem. */
        class PassedItem {

            /**
             * Constructs a new PassedItem.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.PassedItem.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PassedItem kind. */
            kind: capstan.control.PassedKind;

            /** PassedItem wallMs. */
            wallMs: number;

            /** PassedItem transport. */
            transport: string;

            /** PassedItem sequence. */
            sequence: number;

            /** PassedItem sender. */
            sender?: (capstan.control.PeerName.$Properties|null);

            /** PassedItem receiver. */
            receiver?: (capstan.control.PeerName.$Properties|null);

            /** PassedItem nodeId. */
            nodeId: string;

            /** PassedItem node. */
            node: string;

            /** PassedItem bytes. */
            bytes: number;

            /** PassedItem handles. */
            handles: number;

            /** PassedItem descriptors. */
            descriptors: number;

            /** PassedItem payload. */
            payload: Uint8Array;

            /** PassedItem code. */
            code: number;

            /** PassedItem blamedResource. */
            blamedResource: string;

            /** PassedItem blamedUid. */
            blamedUid: number;

            /** PassedItem blamedUser. */
            blamedUser: string;

            /** PassedItem latencyMs. */
            latencyMs?: (number|null);

            /**
             * Encodes the specified PassedItem message. Does not implicitly {@link capstan.control.PassedItem.verify|verify} messages.
             * @param message PassedItem message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.PassedItem.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PassedItem message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.PassedItem & capstan.control.PassedItem.$Shape} PassedItem
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.PassedItem & capstan.control.PassedItem.$Shape;
        }

        namespace PassedItem {

            /** Properties of a PassedItem. */
            interface $Properties {

                /** PassedItem kind */
                kind?: (capstan.control.PassedKind|null);

                /** PassedItem wallMs */
                wallMs?: (number|null);

                /** PassedItem transport */
                transport?: (string|null);

                /** PassedItem sequence */
                sequence?: (number|null);

                /** PassedItem sender */
                sender?: (capstan.control.PeerName.$Properties|null);

                /** PassedItem receiver */
                receiver?: (capstan.control.PeerName.$Properties|null);

                /** PassedItem nodeId */
                nodeId?: (string|null);

                /** PassedItem node */
                node?: (string|null);

                /** PassedItem bytes */
                bytes?: (number|null);

                /** PassedItem handles */
                handles?: (number|null);

                /** PassedItem descriptors */
                descriptors?: (number|null);

                /** PassedItem payload */
                payload?: (Uint8Array|null);

                /** PassedItem code */
                code?: (number|null);

                /** PassedItem blamedResource */
                blamedResource?: (string|null);

                /** PassedItem blamedUid */
                blamedUid?: (number|null);

                /** PassedItem blamedUser */
                blamedUser?: (string|null);

                /** PassedItem latencyMs */
                latencyMs?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PassedItem. */
            type $Shape = capstan.control.PassedItem.$Properties;
        }

        /**
         * Properties of a Passed.
         * @deprecated Use capstan.control.Passed.$Properties instead.
         */
        interface IPassed extends capstan.control.Passed.$Properties {
        }

        /** Represents a Passed. */
        class Passed {

            /**
             * Constructs a new Passed.
             * @param [properties] Properties to set
             */
            constructor(properties?: capstan.control.Passed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Passed items. */
            items: capstan.control.PassedItem.$Properties[];

            /** Passed lost. */
            lost: number;

            /** Passed isShuttingDown. */
            isShuttingDown: boolean;

            /**
             * Encodes the specified Passed message. Does not implicitly {@link capstan.control.Passed.verify|verify} messages.
             * @param message Passed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: capstan.control.Passed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Passed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {capstan.control.Passed & capstan.control.Passed.$Shape} Passed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): capstan.control.Passed & capstan.control.Passed.$Shape;
        }

        namespace Passed {

            /** Properties of a Passed. */
            interface $Properties {

                /** Passed items */
                items?: (capstan.control.PassedItem.$Properties[]|null);

                /** Passed lost */
                lost?: (number|null);

                /** Passed isShuttingDown */
                isShuttingDown?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Passed. */
            type $Shape = capstan.control.Passed.$Properties;
        }
    }
}
